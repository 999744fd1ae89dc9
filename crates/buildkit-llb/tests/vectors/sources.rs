//! Images, local directories, downloads, git, OCI layouts.

use buildkit_llb::{
    ContentDigest, Differ, Exec, Git, Http, Image, ImageBlob, ImageConfig, Local, Merge, Need,
    OciLayout, OciLayoutBlob, OpDigest, Platform, RecordType, ResolveMode, State,
};

use crate::{alpine, image};

/// sha256 with one hex digit throughout.
fn digest(digit: &str) -> ContentDigest {
    format!("sha256:{}", digit.repeat(64)).parse().unwrap()
}

fn alpine_image() -> Image {
    Image::new("alpine".parse().unwrap())
}

/// The config that the vectors' resolver has for golang:1.22.
fn golang_config() -> ImageConfig {
    ImageConfig {
        env: vec![
            "PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            "GOLANG_VERSION=1.22.0".to_owned(),
            "GOPATH=/go".to_owned(),
        ],
        working_dir: "/go".to_owned(),
        platform: Some(Platform::new("linux", "amd64")),
    }
}

pub(crate) fn image_default() -> State {
    alpine()
}

pub(crate) fn image_platform() -> State {
    Image::new("alpine:3.20".parse().unwrap())
        .platform(Platform::new("linux", "arm64").with_variant("v8"))
        .state()
}

pub(crate) fn image_digest_ref() -> State {
    image(&format!("ubuntu:24.04@{}", digest("a")))
}

pub(crate) fn image_resolve_digest() -> State {
    let manifest = OpDigest::of(b"manifest:docker.io/library/golang:1.22");
    let reference = "golang:1.22"
        .parse::<buildkit_llb::ImageRef>()
        .unwrap()
        .with_digest(manifest.into());
    State::image(reference)
        .image_config(&golang_config())
        .run(Exec::new(["go", "version"]))
}

pub(crate) fn image_resolver_no_digest() -> State {
    image("golang:1.22")
        .image_config(&golang_config())
        .run(Exec::new(["go", "version"]))
}

pub(crate) fn image_resolvemode_default() -> State {
    alpine_image().resolve_mode(ResolveMode::Default).state()
}

pub(crate) fn image_resolvemode_pull() -> State {
    alpine_image().resolve_mode(ResolveMode::ForcePull).state()
}

pub(crate) fn image_attrs() -> State {
    alpine_image()
        .layer_limit(3)
        .checksum(digest("b"))
        .resolve_mode(ResolveMode::ForcePull)
        .record_type(RecordType::Internal)
        .state()
}

pub(crate) fn image_blob() -> State {
    let blob = ImageBlob::new("example/repo", digest("a"))
        .filename("blob.tar")
        .mode(0o600)
        .owner(5, 6)
        .state();
    let layout = OciLayoutBlob::new("example.com/repo", digest("b"))
        .store("sess", "store-1")
        .state();
    Merge::new([blob, layout]).state()
}

pub(crate) fn local_basic() -> State {
    Local::new("context").state()
}

pub(crate) fn local_full() -> State {
    Local::new("context")
        .shared_key_hint("hint-1")
        .include(["src/**", "*.go"])
        .exclude([".git", "*.tmp"])
        .follow(["go.mod", "a & b <c>"])
        .differ(Differ::None, Need::Required)
        .metadata_only(["keep/*"])
        .state()
}

pub(crate) fn local_session() -> State {
    Local::new("context")
        .session("session-1")
        .differ(Differ::Metadata, Need::Optional)
        .metadata_only(Vec::<String>::new())
        .state()
}

pub(crate) fn local_unique_own() -> State {
    Local::new("src").unique("own-id").state()
}

pub(crate) fn http_basic() -> State {
    Http::new("https://example.com/a/file.tar.gz").state()
}

pub(crate) fn http_full() -> State {
    Http::new("https://example.com/a/file.tar.gz")
        .checksum(digest("a"))
        .filename("payload.bin")
        .mode(0o644)
        .owner(1000, 1001)
        .auth_header_secret("my-http-auth")
        .headers("application/octet-stream", "oracle/1.0")
        .pgp_signature("PUBKEY", "SIG")
        .state()
}

pub(crate) fn git_basic() -> State {
    Git::new("https://github.com/moby/buildkit.git".parse().unwrap())
        .fragment("v0.11.6:docs/dev")
        .state()
}

pub(crate) fn git_ssh() -> State {
    Git::new("git@github.com:moby/buildkit.git".parse().unwrap())
        .fragment("main")
        .known_ssh_hosts("github.com ssh-ed25519 AAAA")
        .ssh_socket("work")
        .state()
}

pub(crate) fn oci_layout() -> State {
    OciLayout::new(format!("not/real@{}", digest("a")))
        .store("sess", "store-1")
        .layer_limit(2)
        .state()
}

pub(crate) fn scratch() -> State {
    State::scratch()
}
