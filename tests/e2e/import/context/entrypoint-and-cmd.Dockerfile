FROM debian:12
CMD ["lost"]
ENTRYPOINT ["kept"]
CMD ["--default"]
FROM debian:12
CMD ["set-here"]
ENTRYPOINT exec top -b
