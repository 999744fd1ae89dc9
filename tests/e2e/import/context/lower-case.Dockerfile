from debian:12 as Base
run echo a > /a
From base
copy --from=BASE /a /b
cmd echo a
user Daemon
