//! Commands and mounts.

use std::net::{Ipv4Addr, Ipv6Addr};

use buildkit_llb::{
    Args, BindMount, CacheMount, CacheSharing, Cap, CapSet, Constraints, ContentCache, Exec,
    LinuxResources, Local, Mkdir, NetworkMode, Platform, ProxyEnv, SecretEnv, SecretFile,
    SecurityMode, SshSocket, State, TmpfsMount, Ulimit,
};

use crate::{alpine, image, standard};

fn shell(line: &str) -> Exec {
    Exec::new(Args::shell(line))
}

fn context() -> State {
    Local::new("context").state()
}

fn hello() -> Exec {
    shell("echo hello > /hello")
}

pub(crate) fn exec_basic() -> State {
    alpine().run(hello())
}

pub(crate) fn exec_scratch_root() -> State {
    State::scratch().run(Exec::new(["/init"]))
}

pub(crate) fn exec_shlex() -> State {
    let line = r#"sh -c "echo 'a b' && ls" plain\ arg # comment"#;
    alpine().run(Exec::new(Args::split(line).unwrap()))
}

pub(crate) fn exec_meta_full() -> State {
    alpine()
        .env("A", "1")
        .env("B", "two words")
        .dir("/work")
        .user("1000:1000")
        .hostname("builder")
        .extra_host("db", Ipv4Addr::new(10, 0, 0, 5))
        .extra_host("v6", "2001:db8::1".parse::<Ipv6Addr>().unwrap())
        .ulimit(Ulimit::new("nofile", 1024, 2048))
        .ulimit(Ulimit::new("core", 0, -1))
        .cgroup_parent("/build.slice")
        .run(Exec::new(["/bin/true"]).valid_exit_codes([0, 3, 300]))
}

pub(crate) fn exec_network() -> State {
    alpine()
        .run(Exec::new(["step-1"]).network(NetworkMode::None))
        .network(NetworkMode::Host)
        .run(Exec::new(["step-2"]))
        .run(Exec::new(["step-3"]).network(NetworkMode::Sandbox))
}

pub(crate) fn exec_security_insecure() -> State {
    alpine()
        .run(Exec::new(["mount", "-t", "tmpfs", "none", "/mnt"]).security(SecurityMode::Insecure))
}

pub(crate) fn exec_proxy() -> State {
    let proxy = ProxyEnv {
        http: "http://p:3128".to_owned(),
        https: "http://p:3129".to_owned(),
        ftp: "ftp://p".to_owned(),
        no: "localhost,127.0.0.1".to_owned(),
        all: "socks5://p".to_owned(),
    };
    alpine()
        .run(shell("wget x").proxy(proxy))
        .run(Exec::new(["/bin/true"]).proxy(ProxyEnv::default()))
}

pub(crate) fn exec_mount_bind() -> State {
    let (alpine, golang) = (alpine(), image("golang:1.22"));
    let exec = shell("ls /go /self")
        .mount(
            BindMount::new("/go", &golang)
                .readonly()
                .selector("/usr/local/go"),
        )
        .mount(BindMount::new("/self", &alpine).readonly());
    alpine.run(exec)
}

pub(crate) fn exec_mount_cache() -> State {
    let seed = State::scratch().file(Mkdir::new("/seed"));
    let exec = shell("build")
        .mount(CacheMount::new("/var/cache/apt", "apt").sharing(CacheSharing::Locked))
        .mount(
            CacheMount::new("/root/.cache", "user")
                .from_state(&seed)
                .selector("/seed"),
        )
        .mount(CacheMount::new("/priv", "p").sharing(CacheSharing::Private));
    alpine().run(exec)
}

pub(crate) fn exec_mount_tmpfs() -> State {
    let exec = Exec::new(["/bin/true"])
        .mount(TmpfsMount::new("/tmp/b").size(64 << 20))
        .mount(TmpfsMount::new("/tmp/a"));
    alpine().run(exec)
}

pub(crate) fn exec_secret_file() -> State {
    let token = SecretFile::new("/etc/token")
        .id("token-id")
        .owner(1000, 1001)
        .mode(0o440)
        .optional();
    alpine().run(
        Exec::new(["/bin/true"])
            .mount(SecretFile::new("/run/secrets/z"))
            .mount(token),
    )
}

pub(crate) fn exec_secret_env() -> State {
    let exec = Exec::new(["/bin/true"])
        .secret_env(SecretEnv::new("API_KEY"))
        .secret_env(SecretEnv::new("DB_PASSWORD").id("db-pass").optional())
        .secret_env(SecretEnv::new("BOTH").id("both"))
        .mount(SecretFile::new("/run/both").id("both"));
    alpine().run(exec)
}

pub(crate) fn exec_ssh() -> State {
    let work = SshSocket::new()
        .id("work")
        .target("/tmp/agent")
        .owner(10, 11)
        .mode(0o660)
        .optional();
    alpine().run(
        Exec::new(["ssh-add", "-l"])
            .mount(SshSocket::new())
            .mount(work),
    )
}

pub(crate) fn exec_ssh_env_set() -> State {
    let socket = SshSocket::new().id("default").target("/own.sock");
    alpine()
        .env("SSH_AUTH_SOCK", "/own.sock")
        .env("Z", "1")
        .run(Exec::new(["true"]).mount(socket))
}

pub(crate) fn exec_mount_sort() -> State {
    let context = context();
    let exec = Exec::new(["x"])
        .mount(BindMount::new("/ä", &context).readonly())
        .mount(BindMount::new("/a/b", &context).readonly())
        .mount(TmpfsMount::new("/a"))
        .mount(BindMount::new("/a-b", &context).readonly())
        .mount(BindMount::new("/A", &context))
        .mount(BindMount::new("./rel", &image("busybox")));
    alpine().run(exec)
}

pub(crate) fn exec_output_secondary() -> State {
    let exec = Exec::new(["go", "build", "-o", "/out/app"])
        .mount(BindMount::new("/out", &State::scratch()));
    image("golang:1.22").exec(exec).mount("/out").unwrap()
}

pub(crate) fn exec_readonly_root() -> State {
    let exec = shell("gen > /out/f")
        .readonly_root()
        .mount(BindMount::new("/out", &State::scratch()));
    alpine().exec(exec).mount("/out").unwrap()
}

pub(crate) fn exec_content_cache() -> State {
    let context = context();
    let mount = |target: &str| BindMount::new(target, &context).readonly();
    let exec = Exec::new(["make"])
        .mount(mount("/on").content_cache(ContentCache::On))
        .mount(mount("/off").content_cache(ContentCache::Off))
        .mount(mount("/dflt").content_cache(ContentCache::Default));
    alpine().run(exec)
}

pub(crate) fn exec_linux_resources() -> State {
    let resources = LinuxResources {
        memory: 536_870_912,
        memory_swap: 1_073_741_824,
        cpu_shares: 512,
        cpu_period: 100_000,
        cpu_quota: 50_000,
        cpuset_cpus: "0-1".to_owned(),
        cpuset_mems: "0".to_owned(),
    };
    alpine().run(hello().linux_resources(resources))
}

pub(crate) fn exec_caps_all() -> (State, Constraints) {
    let caps: CapSet = [Cap::EXEC_META_BASE, Cap::EXEC_META_SETS_DEFAULT_PATH]
        .into_iter()
        .collect();
    (exec_basic(), standard().caps(caps))
}

pub(crate) fn exec_caps_no_default_path() -> (State, Constraints) {
    let state = alpine()
        .env("A", "1")
        .run(Exec::new(["/bin/true"]))
        .run(Exec::new(["/bin/true"]).env("PATH", "/x"));
    (
        state,
        standard().caps([Cap::EXEC_META_BASE].into_iter().collect()),
    )
}

pub(crate) fn exec_platform_override() -> State {
    let arm = Platform::new("linux", "arm64").with_variant("v8");
    alpine()
        .run(Exec::new(["uname", "-m"]).platform(arm))
        .run(Exec::new(["second"]))
}
