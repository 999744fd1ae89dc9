//! Questions to registries: here, to a server that has manifests and counts.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

/// Manifests by the end of their paths, `REPOSITORY/manifests/REFERENCE`.
type Manifests = BTreeMap<String, String>;

/// A registry with these manifests: its host, and what it was asked for.
async fn registry(manifests: Manifests) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let request = String::from_utf8(request).unwrap();
            let mut words = request.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let answer = match path.strip_prefix("/v2/") {
                Some("") => response("200 OK", "", method),
                Some(path) => {
                    log.lock().unwrap().push(path.to_owned());
                    match manifests.get(path) {
                        Some(text) => response("200 OK", text, method),
                        None => response("404 Not Found", "", method),
                    }
                }
                None => response("404 Not Found", "", method),
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (host, asked)
}

fn response(status: &str, body: &str, method: &str) -> String {
    let digest = archive::Digest::of(body.as_bytes());
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: application/vnd.oci.image.index.v1+json\r\n\
         docker-content-digest: {digest}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    if method == "HEAD" {
        head
    } else {
        format!("{head}{body}")
    }
}

const AMD64: &str = "linux/amd64";

fn mark(id: Id, metadata: Option<&str>) -> Mark {
    let metadata = metadata.map(str::to_owned);
    Mark { id, metadata }
}

/// The index of a part of the image, whose manifest is told apart by `annotation`; and the text of that manifest.
fn part_of(id: Id, annotation: &str) -> (String, String) {
    let manifest = format!(r#"{{"schemaVersion":2,"annotations":{{"a":"{annotation}"}}}}"#);
    let digest = archive::Digest::of(manifest.as_bytes());
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"m",
           "digest":"{digest}","size":1,"platform":{{"architecture":"amd64","os":"linux"}}}}],
           "annotations":{{"dev.llbgen.part-of":"{id}"}}}}"#
    );
    (index, manifest)
}

/// Two repositories with a part each, of different builds, and a tag of the platform in the second.
async fn two_repositories() -> (ImageRefs, Id, Arc<Mutex<Vec<String>>>) {
    let id: Id = "ab".repeat(32).parse().unwrap();
    let mut manifests = Manifests::new();
    for repository in ["one", "two"] {
        let (index, manifest) = part_of(id, repository);
        let digest = archive::Digest::of(manifest.as_bytes());
        manifests.insert(format!("{repository}/manifests/c-linux-amd64"), index);
        manifests.insert(format!("{repository}/manifests/{digest}"), manifest.clone());
        manifests.insert(format!("{repository}/manifests/1-amd64"), manifest);
    }
    let (host, asked) = registry(manifests).await;
    let name = |repository: &str, tag: &str| {
        TaggedName::new(&format!("{host}/{repository}"), tag).unwrap()
    };
    let of = |repository: &str| PartRefs {
        whole: name(repository, "c"),
        platforms: [AMD64, "linux/arm64"]
            .map(|platform| {
                let tag = format!("c-{}", platform.replace('/', "-"));
                (platform.parse().unwrap(), name(repository, &tag))
            })
            .to_vec(),
    };
    let names = ImageRefs {
        index: Vec::new(),
        platforms: vec![(AMD64.parse().unwrap(), name("two", "1-amd64"))],
        parts: vec![of("one"), of("two")],
    };
    (names, id, asked)
}

#[tokio::test]
async fn a_tag_of_a_platform_is_compared_with_the_part_of_its_own_repository() {
    let (names, id, _asked) = two_repositories().await;
    let (access, never) = (RegistryAccess::default(), CancellationToken::new());
    let mut parts = Parts::new(mark(id, None), &access, &never);
    let pushed = parts.pushed(&names, &[AMD64.parse().unwrap()]).await;
    let references = pushed.unwrap().unwrap().references;
    assert_eq!(references.len(), 3, "{references:?}");
    // With other annotations, it is another publication.
    let mut others = Parts::new(mark(id, Some("sha256:1")), &access, &never);
    let pushed = others.pushed(&names, &[AMD64.parse().unwrap()]).await;
    assert_eq!(pushed.unwrap(), None);
}

#[tokio::test]
async fn nothing_is_asked_for_twice() {
    let (names, id, asked) = two_repositories().await;
    let (access, never) = (RegistryAccess::default(), CancellationToken::new());
    let mut parts = Parts::new(mark(id, None), &access, &never);
    assert_eq!(parts.joinable(&names).await.unwrap(), None);
    let platforms = [AMD64.parse().unwrap()];
    assert!(parts.pushed(&names, &platforms).await.unwrap().is_some());
    let mut all = asked.lock().unwrap().clone();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "{all:?}");
}
