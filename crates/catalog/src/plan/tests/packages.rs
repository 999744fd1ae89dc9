//! Package managers: what they run, as whom, and what they read.

use buildkit_llb::{ExecContent, OpContent};

use super::*;
use crate::{Apk, Dnf, Pinned, Repository, Step};

/// The plan of an artifact with these steps, and its command.
fn planned(steps: &[Step], files: &[(&str, FileSet)]) -> (Plan, ExecContent) {
    let artifact = steps.iter().cloned().fold(rootfs(), Artifact::step);
    let plan = plan(&checked([artifact]), "base", &inputs(files));
    let found = plan
        .definition
        .vertices()
        .find_map(|vertex| match vertex.content() {
            OpContent::Exec(exec) if exec.args[0] == "/bin/sh" => Some(exec),
            _ => None,
        });
    let exec = found.unwrap();
    (plan, exec)
}

/// The step's own script, without what makes the certificates known.
fn script(exec: &ExecContent) -> &str {
    crate::step::without_prelude(exec.args.last().unwrap())
}

/// The target, the kind, the end of the id and the sharing of a mount.
type Described<'a> = (&'a str, &'a str, &'a str, &'a str);

fn mounts(exec: &ExecContent) -> Vec<Described<'_>> {
    let mounts = exec.mounts.iter().filter(|mount| mount.dest != "/");
    let described = mounts.map(|mount| {
        let id = mount.id.rsplit(' ').next().unwrap_or_default();
        (mount.dest.as_str(), mount.kind, id, mount.sharing)
    });
    described.collect()
}

#[test]
fn managers_install_as_root_with_archives_in_a_cache_and_with_certificates() {
    let certificates = ("/run/secrets/llbgen-ca", "secret", "llbgen-ca", "");
    let cases: [(Step, &str, Vec<Described<'_>>); 3] = [
        (
            Apt::install(["zsh git", "nginx={arch}"]).into(),
            "apt_get install --yes --no-install-recommends -- 'zsh' 'git' 'nginx=arm64'\n",
            vec![
                ("/var/cache/llbgen/apt/archives", "cache", "apt", "locked"),
                ("/var/cache/llbgen/apt/lists", "tmpfs", "", ""),
            ],
        ),
        (
            Apk::install(["zsh git", "nginx={arch}"]).into(),
            "apk --no-progress --update-cache add 'zsh' 'git' 'nginx=arm64'\n",
            vec![("/var/cache/llbgen/apk", "cache", "apk", "locked")],
        ),
        (
            Dnf::install(["zsh git", "nginx-{arch}"]).into(),
            "llbgen_dnf install --assumeyes 'zsh' 'git' 'nginx-arm64'\n",
            vec![
                ("/var/cache/dnf", "cache", "dnf", "locked"),
                ("/var/cache/libdnf5", "cache", "libdnf5", "locked"),
            ],
        ),
    ];
    for (step, install, mut expected) in cases {
        let steps = [User::new("daemon").into(), Workdir::new("/a").into(), step];
        let (plan, exec) = planned(&steps, &[]);
        let script = script(&exec);
        assert_eq!(script.matches(install).count(), 1, "{script}");
        assert_eq!((exec.user.as_str(), exec.cwd.as_str()), ("0", "/"));
        expected.push(certificates);
        assert_eq!(mounts(&exec), expected);
        assert!(exec.mounts.last().unwrap().optional);
        // The step before it says who runs the image.
        assert_eq!(plan.config.user.as_deref(), Some("daemon"));
    }
}

/// What a manager writes for itself is gone, or is in memory or in a cache.
#[test]
fn managers_leave_nothing_behind() {
    let check = |step: Step, expected: &[&str]| {
        let (_, exec) = planned(&[step], &[]);
        for line in expected {
            assert!(script(&exec).contains(line), "{line}: {}", script(&exec));
        }
    };
    check(
        Apk::install(["zsh"]).into(),
        &[
            "rm -rf /var/cache/llbgen/apk/APKINDEX*",
            "then ln -s /var/cache/llbgen/apk /etc/apk/cache; fi\n",
            "then rm /etc/apk/cache; fi\n",
            "then rm -f /var/log/apk.log; fi\n",
        ],
    );
    check(
        Dnf::install(["zsh"]).into(),
        &[
            " --setopt=install_weak_deps=False --setopt=keepcache=True --setopt=logdir=/dev/shm ",
            " ${llbgen_ca:+--setopt=sslcacert=$llbgen_ca} ",
            "then rm -rf /var/lib/dnf/repos; fi\n",
        ],
    );
    let (_, exec) = planned(&[Dnf::install(["zsh"]).into()], &[]);
    assert!(!script(&exec).contains("nodocs"), "{}", script(&exec));
}

#[test]
fn repositories_stay_in_the_tree() {
    let key = "https://example.com/keys/a@b.rsa.pub?x#y";
    let docker = || Repository::new("https://example.com/linux/debian/").suite("bookworm");
    let check = |step: Step, expected: &str| {
        let (_, exec) = planned(&[step], &[]);
        let (found, rest) = script(&exec).split_once("# The packages\n").unwrap();
        assert_eq!(found, expected);
        assert!(rest.contains("'zsh'\n"), "{rest}");
    };
    let name = "example.com-linux-debian-bookworm";
    check(
        Apt::install(["zsh"])
            .repository(docker().components(["stable", "test {arch}"]).key(key))
            .into(),
        &format!(
            "key=/etc/apt/keyrings/{name}.gpg\n\
             if grep -q -e '-----BEGIN PGP' /run/llbgen/keys/0; then key=/etc/apt/keyrings/{name}.asc; fi\n\
             mkdir -p /etc/apt/keyrings\n\
             install -m 0644 /run/llbgen/keys/0 \"$key\"\n\
             mkdir -p /etc/apt/sources.list.d\n\
             printf '%s\\n' 'Types: deb' 'URIs: https://example.com/linux/debian' 'Suites: bookworm' \
             'Components: stable test arm64' > /etc/apt/sources.list.d/{name}.sources\n\
             printf 'Signed-By: %s\\n' \"$key\" >> /etc/apt/sources.list.d/{name}.sources\n"
        ),
    );
    check(
        Apt::install(["zsh"])
            .repository(Repository::new("http://example.com").suite("./"))
            .into(),
        "mkdir -p /etc/apt/sources.list.d\n\
         printf '%s\\n' 'Types: deb' 'URIs: http://example.com' 'Suites: ./' > /etc/apt/sources.list.d/example.com.sources\n",
    );
    let repositories = "/etc/apk/repositories";
    let ended = format!(
        "if [ -s {repositories} ] && [ -n \"$(tail -c 1 {repositories})\" ]; then echo >> {repositories}; fi\n"
    );
    let line = |line: &str| {
        format!("grep -qxF '{line}' {repositories} || echo '{line}' >> {repositories}\n")
    };
    check(
        Apk::install(["zsh"])
            .repository(docker().components(["main community"]).key(key))
            .into(),
        &format!(
            "mkdir -p /etc/apk/keys\n\
             install -m 0644 /run/llbgen/keys/0 /etc/apk/keys/a@b.rsa.pub\n{ended}{}{}",
            line("https://example.com/linux/debian/bookworm/main"),
            line("https://example.com/linux/debian/bookworm/community"),
        ),
    );
    check(
        Apk::install(["zsh"])
            .repository(Repository::new("https://example.com/a"))
            .into(),
        &format!("{ended}{}", line("https://example.com/a")),
    );
    check(
        Dnf::install(["zsh"])
            .repository(Repository::new("https://example.com/$basearch").key(key))
            .into(),
        "mkdir -p /etc/pki/rpm-gpg\n\
         install -m 0644 /run/llbgen/keys/0 /etc/pki/rpm-gpg/example.com-basearch\n\
         mkdir -p /etc/yum.repos.d\n\
         printf '%s\\n' '[example.com-basearch]' 'name=https://example.com/$basearch' \
         'baseurl=https://example.com/$basearch' 'enabled=1' 'gpgcheck=1' \
         'gpgkey=file:///etc/pki/rpm-gpg/example.com-basearch' > /etc/yum.repos.d/example.com-basearch.repo\n",
    );
}

#[test]
fn keys_are_files_of_the_context_or_pinned_downloads() {
    let dnf = Dnf::install(["zsh"])
        .repository(Repository::new("https://example.com/a").key("https://example.com/key.asc"))
        .repository(Repository::new("https://example.com/b").key("keys/key.asc"));
    let files = [(
        "keys/key.asc",
        set(&[("keys/key.asc", text_file("a key\n"))]),
    )];
    let (plan, exec) = planned(&[dnf.into()], &files);
    let keys: Vec<(&str, &str, bool)> = exec
        .mounts
        .iter()
        .filter(|mount| mount.dest.starts_with("/run/llbgen/keys/"))
        .map(|mount| (&*mount.dest, &*mount.selector, mount.readonly))
        .collect();
    let expected = [
        ("/run/llbgen/keys/0", "/key.asc", true),
        ("/run/llbgen/keys/1", "/keys/key.asc", true),
    ];
    assert_eq!(keys, expected);
    let key = Pinned::Http("https://example.com/key.asc".to_owned());
    let mut references = plan.references.iter();
    assert!(references.any(|reference| reference.source == key));
    // Not pinned yet, so there is no id.
    assert_eq!(plan.id, None);
}
