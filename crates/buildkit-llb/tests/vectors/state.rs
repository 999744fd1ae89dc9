//! Values that states pass on.

use std::net::Ipv4Addr;

use buildkit_llb::{Exec, ImageConfig, State, Ulimit};

use crate::alpine;

fn run(name: &str) -> Exec {
    Exec::new([name])
}

pub(crate) fn state_env_order() -> State {
    alpine()
        .env("A", "1")
        .env("B", "2")
        .env("C", "3")
        .env("A", "4")
        .env("EMPTY", "")
        .env("P", "100%")
        .run(run("env"))
}

pub(crate) fn state_dir() -> State {
    alpine()
        .run(run("pwd0"))
        .dir("/a/b")
        .run(run("pwd1"))
        .dir("../c/./d")
        .run(run("pwd2"))
        .run(run("pwd3").dir("x"))
        .run(run("pwd4"))
        .dir("/q/../r/")
        .run(run("pwd5"))
}

pub(crate) fn state_image_config() -> State {
    let json = br#"{"architecture":"arm64","os":"linux","variant":"v8",
        "config":{"Env":["A=2","B","C=x=y"],"WorkingDir":"/cfg","User":"ignored"}}"#;
    let config = ImageConfig::from_json(json).unwrap();
    alpine()
        .env("A", "1")
        .dir("/start")
        .image_config(&config)
        .run(run("env"))
}

pub(crate) fn state_run_options_local() -> State {
    let one = run("one")
        .env("TMP", "2")
        .user("u")
        .hostname("h")
        .extra_host("x", Ipv4Addr::new(1, 2, 3, 4))
        .ulimit(Ulimit::new("cpu", 10, 20))
        .cgroup_parent("/cg");
    alpine().env("KEEP", "1").run(one).run(run("two"))
}
