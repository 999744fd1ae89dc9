//! Packing inside the graph, and its part in an id.

use buildkit_llb::OpContent;

use super::*;
use crate::Whiteouts;

#[test]
fn a_layer_is_packed_and_its_id_does_not_depend_on_the_packer() {
    let layer = || Artifact::layer("layer", "base").step(Run::command("rm /x"));
    let catalog = checked([rootfs(), layer().output("{arch}/layer.tar")]);
    let first = plan(&catalog, "layer", &inputs(&[]));
    assert_eq!(first.packed.as_deref(), Some("layer.tar"));
    assert_eq!(
        names(&first),
        [
            "[layer linux/arm64] run rm /x",
            "[layer linux/arm64] pack layer"
        ]
    );
    assert_eq!(first.locals, []);
    let pinned = |packer: Packer, catalog: &CheckedCatalog| {
        let lock = "version = 1\n[image.\"ubuntu:24.04\"]\ndigest = \"sha256:";
        let lock = format!(
            "{lock}{}\"\nplatform.\"linux/arm64\" = {{}}\n",
            "1".repeat(64)
        );
        let inputs = Inputs {
            packer,
            lock: crate::Lock::from_bytes(lock.as_bytes()).unwrap(),
            ..inputs(&[])
        };
        plan(catalog, "layer", &inputs)
    };
    let (one, other) = (
        pinned(packer("linux/amd64", 1), &catalog),
        pinned(packer("linux/arm64", 2), &catalog),
    );
    assert!(one.id.is_some() && one.id == other.id);
    assert_ne!(one.definition.head(), other.definition.head());
    let image = Packer {
        source: PackerSource::Image("x/frontend".parse().unwrap()),
        platform: "linux/amd64".parse().unwrap(),
    };
    let from_image = pinned(image, &catalog);
    assert_eq!(from_image.id, one.id);
    // It runs on the daemon's platform, so it is fetched for that one.
    let mut vertices = from_image.definition.vertices();
    let source = vertices.find(|vertex| {
        let identifier = vertex.source_identifier();
        identifier.is_some_and(|identifier| identifier.contains("x/frontend"))
    });
    let platform = source.unwrap().platform().unwrap();
    assert_eq!(platform.to_string(), "linux/amd64");
    let renamed = checked([rootfs(), layer().output("{arch}/another.tar")]);
    assert_eq!(pinned(packer("linux/amd64", 1), &renamed).id, one.id);
    let changed = checked([rootfs(), layer().step(Run::command("rm /y"))]);
    assert_ne!(pinned(packer("linux/amd64", 1), &changed).id, one.id);
}

/// The command that packs, and the id, of a layer.
fn packed(layer: Artifact) -> (Vec<String>, crate::Id) {
    let catalog = checked([
        Artifact::rootfs("base", "scratch").step(Run::command("x")),
        layer,
    ]);
    let plan = plan(&catalog, "layer", &inputs(&[]));
    let mut commands = plan
        .definition
        .vertices()
        .filter_map(|vertex| match vertex.content() {
            OpContent::Exec(exec) => Some(exec.args),
            _ => None,
        });
    let command = commands.find(|args| args[0] == "/packer").unwrap();
    drop(commands);
    (command, plan.id.unwrap())
}

#[test]
fn the_form_of_whiteouts_is_part_of_the_graph_unless_it_is_that_of_images() {
    let layer = || {
        Artifact::layer("layer", "base")
            .step(Run::command("rm /x"))
            .output("{arch}.tar")
    };
    let (command, id) = packed(layer());
    assert_eq!(
        command,
        ["/packer", "layer", "/base", "/whole", "/out/arm64.tar"]
    );
    assert_eq!(packed(layer().whiteouts(Whiteouts::Oci)), (command, id));
    let (command, other) = packed(layer().whiteouts(Whiteouts::Overlay));
    assert_eq!(
        command,
        [
            "/packer",
            "layer",
            "--whiteouts=overlay",
            "/base",
            "/whole",
            "/out/arm64.tar"
        ]
    );
    assert_ne!(other, id);
}

#[test]
fn the_image_of_the_user_is_pinned_by_the_lock_and_is_in_no_id() {
    let layer = Artifact::layer("layer", "base").step(Run::command("rm /x"));
    let catalog = checked([
        Artifact::rootfs("base", "scratch").step(Run::command("x")),
        layer,
    ]);
    let with = |reference: &str, lock: &str| Inputs {
        packer: Packer {
            source: PackerSource::Helper(reference.parse().unwrap()),
            platform: "linux/riscv64".parse().unwrap(),
        },
        lock: crate::Lock::from_bytes(lock.as_bytes()).unwrap(),
        ..inputs(&[])
    };
    let open = plan(&catalog, "layer", &with("x/helper", "version = 1\n"));
    let places: Vec<String> = open
        .unpinned
        .iter()
        .map(|reference| reference.place.to_string())
        .collect();
    assert_eq!(
        (open.id, places),
        (None, vec!["`--helper-image`".to_owned()])
    );
    let digest = format!("sha256:{}", "1".repeat(64));
    let lock = format!(
        "version = 1\n[image.\"x/helper:latest\"]\ndigest = \"{digest}\"\nplatform.\"linux/riscv64\" = {{}}\n"
    );
    let pinned = plan(&catalog, "layer", &with("x/helper", &lock));
    assert_eq!(pinned.unpinned, []);
    assert_eq!(pinned.locals, []);
    let own = plan(&catalog, "layer", &inputs(&[]));
    assert!(own.id.is_some() && pinned.id == own.id);
    let source = |plan: &Plan, text: &str| {
        let mut vertices = plan.definition.vertices();
        vertices.any(|vertex| {
            let identifier = vertex.source_identifier();
            identifier.is_some_and(|identifier| identifier.contains(text))
        })
    };
    assert!(source(&pinned, &format!("x/helper:latest@{digest}")));
    assert!(source(&open, "x/helper:latest"));
    // A written digest must be the one in the lock.
    let other = format!("x/helper:latest@sha256:{}", "2".repeat(64));
    let variants = catalog.select(&Request {
        artifacts: vec!["layer".to_owned()],
        ..Request::default()
    });
    let error = catalog
        .plan(&variants.unwrap()[0], &with(&other, &lock), Caching::Use)
        .unwrap_err();
    assert!(
        matches!(
            *error.reason,
            PlanProblem::Base(BaseError::OtherDigest { .. })
        ),
        "{error:?}"
    );
}
