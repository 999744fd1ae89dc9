FROM debian:12
CMD ["a", "--flag={x}", "$HOME", "it's"]
