use super::*;
use crate::handmade::Handmade;
use crate::list_layer;

fn tree(layers: &[Handmade]) -> Tree {
    let mut tree = Tree::default();
    for layer in layers {
        let entries = list_layer(layer.clone().end().as_slice()).unwrap();
        tree.lay(&entries).unwrap();
    }
    tree
}

fn base() -> Handmade {
    Handmade::new()
        .dir("a/")
        .file("a/x", "x")
        .file("a/y", "y")
        .file("a-b", "")
        .symlink("l", "a/x")
}

fn told(first: &[Handmade], second: &[Handmade]) -> Vec<String> {
    let differences = tree(first).differences(&tree(second));
    let told = differences.iter().map(|difference| match difference {
        Difference::Added { path, below } => format!("+ {path} {below}"),
        Difference::Missing { path, below } => format!("- {path} {below}"),
        Difference::Changed { path, aspects } => {
            let aspects = aspects.iter().map(|aspect| {
                let short = |text: &str| {
                    text.replace("sha256:", "")
                        .chars()
                        .take(12)
                        .collect::<String>()
                };
                format!(
                    "{} {}|{}",
                    aspect.name,
                    short(&aspect.first),
                    short(&aspect.second)
                )
            });
            format!("~ {path} {}", aspects.collect::<Vec<_>>().join(", "))
        }
    });
    told.collect()
}

#[test]
fn layers_hide_and_replace() {
    let check = |layer: Handmade, expected: &[&str]| {
        assert_eq!(told(&[base(), layer], &[base()]), expected);
    };
    check(Handmade::new(), &[]);
    check(Handmade::new().file("a/.wh.x", ""), &["- a/x 0"]);
    check(Handmade::new().file(".wh.a", ""), &["- a 2"]);
    // An entry of the layer itself stays, wherever the whiteout stands.
    check(
        Handmade::new().file("a/y", "y").file("a/.wh..wh..opq", ""),
        &["- a/x 0"],
    );
    check(
        Handmade::new().file(".wh..wh..opq", "").file("n", ""),
        &["- a 2", "- a-b 0", "- l 0", "+ n 0"],
    );
    check(
        Handmade::new().file("a", "no directory"),
        &["~ a type file|directory", "- a/x 0", "- a/y 0"],
    );
    check(
        Handmade::new().dir("l/").file("l/x", ""),
        &["~ l type directory|symbolic lin", "+ l/x 0"],
    );
    check(
        Handmade::new().file("a/x", "other").symlink("l", "a/y"),
        &[
            "~ a/x content d9298a10d1b0|2d711642b726",
            "~ l target a/y|a/x",
        ],
    );
}

#[test]
fn times_do_not_differ_and_other_properties_do() {
    let member = |change: &dyn Fn(&mut tar::Header)| {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(5);
        header.as_mut_bytes()[..1].copy_from_slice(b"f");
        change(&mut header);
        [Handmade::new().with_header(header, b'0', b"f")]
    };
    let check = |change: &dyn Fn(&mut tar::Header), expected: &[&str]| {
        assert_eq!(told(&member(change), &member(&|_| {})), expected);
    };
    check(&|header| header.set_mtime(7), &[]);
    check(&|header| header.set_mode(0o600), &["~ f mode 0600|0644"]);
    check(&|header| header.set_gid(7), &["~ f owner 0:7|0:0"]);
}

#[test]
fn names_of_one_file_differ_from_files_of_one_content() {
    let linked = [Handmade::new().file("a", "x").hard_link("b", "a")];
    let plain = [Handmade::new().file("a", "x").file("b", "x")];
    assert_eq!(
        told(&linked, &plain),
        ["~ a hard link with a|none", "~ b hard link with a|none"]
    );
    assert!(told(&linked, &linked).is_empty());
    // Another layer takes one of the names away.
    let [linked] = linked;
    let without = Handmade::new().file(".wh.b", "");
    assert_eq!(told(&[linked, without], &plain), ["- b 0"]);
    let lonely = Handmade::new().hard_link("b", "a").end();
    let entries = list_layer(lonely.as_slice()).unwrap();
    let error = Tree::default().lay(&entries).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`b` is a hard link to `a`, which is in no layer"
    );
}

#[test]
fn layers_are_read_in_their_compression() {
    let plain = base().end();
    let packed = zstd::encode_all(plain.as_slice(), 1).unwrap();
    let entries = list_layer(packed.as_slice()).unwrap();
    assert_eq!(entries, list_layer(plain.as_slice()).unwrap());
    assert_eq!(entries.len(), 5);
    assert!(list_layer(&packed[..packed.len() - 8]).is_err());
}
