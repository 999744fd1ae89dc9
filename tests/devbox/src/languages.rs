//! Languages and frameworks, on Debian or on a Node.js image.

use llbgen::catalog::{Artifact, Copy, Env, Expose};

use crate::{Steps as _, base, systems::DEBIAN};

const PYTHON_PACKAGES: &str = "build-essential libbz2-dev libffi-dev liblzma-dev libncurses-dev \
    libreadline-dev libsqlite3-dev libssl-dev uuid-dev zlib1g-dev";

pub(crate) fn all() -> Vec<Artifact> {
    let mut images = vec![c("c/gcc-12.2.0"), c("cpp/gcc-12.2.0"), java(), rust()];
    images.extend(["1.22.5", "1.23.0"].map(go));
    images.extend(["8.0", "10.0"].map(dotnet));
    images.extend(["18", "20", "22"].map(node));
    images.extend(["7.4", "8.2"].map(php));
    images.extend([("3.10", "3.10.16"), ("3.11", "3.11.11"), ("3.12", "3.12.8")].map(python));
    images.extend([nginx(), nest(), openclaw()]);
    images.extend(["v1", "fastgpt"].map(sandbox));
    images
}

fn language(path: &str) -> Artifact {
    base(&format!("lang/{path}"), DEBIAN)
}

fn c(path: &str) -> Artifact {
    language(path).apt("gcc g++ make")
}

fn java() -> Artifact {
    language("java/openjdk17")
        .apt("openjdk-17-jdk maven")
        .step(Env::new("JAVA_HOME", "/usr/lib/jvm/java-17-openjdk"))
        .in_chinese("install -D /opt/base-tools/maven.xml /home/devbox/.m2/settings.xml")
}

fn rust() -> Artifact {
    language("rust/1.81.0")
        .apt("build-essential libudev-dev pkg-config")
        .run("su devbox -c 'rustup-init -y --profile minimal --default-toolchain 1.81.0'")
        .in_chinese("install -D /opt/base-tools/cargo.toml /home/devbox/.cargo/config.toml")
}

fn go(version: &str) -> Artifact {
    let from = format!("https://dl.google.com/go/go{version}.linux-$(dpkg --print-architecture)");
    language(&format!("go/{version}"))
        .run(&format!("curl -fL {from}.tar.gz | tar -xzC /usr/local"))
        .step(Env::new("GOPATH", "/home/devbox/go"))
        .in_chinese("go env -w GOPROXY=https://goproxy.cn,direct")
}

fn dotnet(version: &str) -> Artifact {
    let install = format!("--channel {version} --install-dir /usr/share/dotnet");
    language(&format!("net/{version}"))
        .apt("ca-certificates curl libicu72")
        .run(&format!(
            "curl -fL https://dot.net/v1/dotnet-install.sh | bash -s -- {install}"
        ))
        .in_chinese("install -D /opt/base-tools/nuget.xml /home/devbox/.nuget/NuGet.Config")
}

fn node(version: &str) -> Artifact {
    let setup = format!("curl -fL https://deb.nodesource.com/setup_{version}.x | bash -");
    language(&format!("node.js/{version}"))
        .run(&setup)
        .apt("nodejs")
        .run("npm install -g typescript yarn pnpm")
        .step(Env::new("NODE_VERSION", version))
        .in_chinese("npm config set --global registry https://registry.npmmirror.com")
}

/// Where its packages come from depends on the localisation.
fn php(version: &str) -> Artifact {
    let packages = [
        "cli", "xml", "mbstring", "pgsql", "mysql", "mongodb", "redis",
    ];
    let packages = packages.map(|name| format!("php{version}-{name}"));
    language(&format!("php/{version}"))
        .apt("apt-transport-https lsb-release unzip")
        .step(Env::new("PHP_MIRROR", "{l10n}"))
        .run("/opt/base-tools/scripts/add-sury \"$PHP_MIRROR\"")
        .apt(&packages.join(" "))
}

fn python((name, version): (&str, &str)) -> Artifact {
    with_python(language(&format!("python/{name}")), version)
        .in_chinese("pip config set --global global.index-url https://pypi.tuna.tsinghua.edu.cn")
}

fn with_python(artifact: Artifact, version: &str) -> Artifact {
    let build = format!("python-build --enable-optimizations {version} /usr/local");
    artifact.apt(PYTHON_PACKAGES).run(&build)
}

fn nginx() -> Artifact {
    let nginx = base("fw/nginx/1.22.1", DEBIAN).apt("nginx");
    nginx.step(Expose::new(["80"]))
}

fn nest() -> Artifact {
    base("fw/nest.js/v11", "base/lang/node.js/20").run("npm install -g @nestjs/cli")
}

fn openclaw() -> Artifact {
    let node = base("fw/openclaw/latest", "base/lang/node.js/22");
    node.run("npm install -g openclaw@latest bun clawhub")
}

/// Both have the same Python, built once.
fn sandbox(version: &str) -> Artifact {
    let node = base(&format!("fw/sandbox/{version}"), "base/lang/node.js/22");
    let program = |path: &str, from| Copy::new(path, "/usr/local/bin/").from(from);
    let gateway = "ghcr.io/labring/codex-gateway:latest";
    let sandbox = with_python(node.apt("wget bubblewrap ripgrep"), "3.14.0")
        .run("npm install -g bun@latest @openai/codex@latest")
        .step(program("/usr/local/bin/codex-gateway", gateway))
        .step(Env::new("CODEX_GATEWAY_PORT", "1317"));
    if version == "v1" {
        return sandbox.run("install-release buildctl v0.30.0 railpack 0.27.0");
    }
    let agent = "registry.cn-hangzhou.aliyuncs.com/labring/fastgpt-ide-agent:latest";
    sandbox
        .step(program("/usr/local/bin/ide-agent", agent))
        .step(Env::new("IDE_AGENT_PORT", "1318"))
}
