//! Operating systems: the tooling, a user, and services under s6.

use llbgen::catalog::{Artifact, Copy, Download, Entrypoint, Env, Run, When};

use crate::{Steps as _, base};

pub(crate) const DEBIAN: &str = "base/os/debian/12.6";

const S6: &str = "https://github.com/just-containers/s6-overlay/releases/download/v3.2.1.0/\
    s6-overlay-noarch.tar.xz";
const SUPERCRONIC: &str = "https://github.com/aptible/supercronic/releases/download/v0.2.34/\
    supercronic-linux-{arch}";

const DEBIAN_PACKAGES: &str = "wget curl sudo vim less file jq openssl git xz-utils zip unzip openssh-client anacron \
    logrotate openssh-server locales ca-certificates busybox procps iproute2 iputils-ping lsof rsync tzdata";
const RPM_PACKAGES: &str = "bash busybox ca-certificates cronie curl diffutils findutils git gzip iproute logrotate \
    openssh-clients openssh-server openssl passwd procps-ng shadow sudo tar util-linux vim-enhanced wget which xz";

pub(crate) fn all() -> Vec<Artifact> {
    vec![
        debian_like("os/debian/12.6", "debian:12.6-slim"),
        debian_like("os/ubuntu/22.04", "ubuntu:22.04"),
        debian_like(
            "os/ubuntu-cuda/12.4.1",
            "nvidia/cuda:12.4.1-devel-ubuntu22.04",
        ),
        rpm_like("os/anolis/23.4", "openanolis/anolisos:23.4", "dnf"),
        rpm_like("os/kylin/v10-sp3", "macrosan/kylin:v10-sp3", "yum"),
    ]
}

fn debian_like(path: &str, on: &str) -> Artifact {
    let mirror =
        "sed -i 's|deb.debian.org|mirrors.tuna.tsinghua.edu.cn|' /etc/apt/sources.list.d/*";
    system(environment(path, on).apt(DEBIAN_PACKAGES)).in_chinese(mirror)
}

/// The packages themselves depend on the localisation.
fn rpm_like(path: &str, on: &str, manager: &str) -> Artifact {
    let install = |packages: &str| format!("{manager} install -y {packages}");
    let chinese = Run::command(&install("langpacks-zh_CN"));
    let system = environment(path, on).run(&install(RPM_PACKAGES));
    self::system(system.step(When::equals("l10n", "zh_CN").step(chinese)))
}

fn environment(path: &str, on: &str) -> Artifact {
    base(path, on)
        .step(Env::new("DEFAULT_DEVBOX_USER", "devbox"))
        .step(Env::new("LANG", "en_US.UTF-8"))
        .step(Env::new("S6_KILL_GRACETIME", "500"))
}

fn system(packages: Artifact) -> Artifact {
    packages
        .step(Copy::new("/opt/base-tools/", "/opt/base-tools/").from("tooling"))
        .step(Download::new(S6, "/opt/s6.tar.xz"))
        .run("tar -xJf /opt/s6.tar.xz -C / && rm /opt/s6.tar.xz")
        .step(Download::new(SUPERCRONIC, "/usr/bin/supercronic").mode(0o755))
        .run("useradd --create-home devbox && mkdir -m 0700 /home/devbox/.ssh")
        .step(Entrypoint::new(["/init"]))
        .in_chinese("ln -sf /usr/share/zoneinfo/Asia/Shanghai /etc/localtime")
}
