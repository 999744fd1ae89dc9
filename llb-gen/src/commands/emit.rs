//! `llbgen emit`: an artifact's LLB on stdout, and on stderr the buildctl command that builds it.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
};

use catalog::{
    Annotated, Annotation, Artifact, CheckedCatalog, ContextPath, GitValues, Kind, Plan,
    PlanOptions, Read, Returned, TarCompression, Variant,
};
use engine::{ImageNaming, LocalFiles, names_of_platform};

use crate::{
    args::{CacheArgs, EmitArgs, EmitFormat, Global, tell_unused_mirrors},
    failure::{Exit, Failure},
    git::git,
    stderr, stdout,
    workspace::{Question, host_platform},
};

pub(crate) fn run(
    args: &EmitArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    if args.format == EmitFormat::Pb && io::stdout().is_terminal() {
        let error = "LLB is binary, and stdout is a terminal";
        let hint = format!(
            "pipe it: `llbgen emit {} | buildctl build …`, or use `--format json`",
            args.artifact
        );
        return Err(Failure::new(Exit::Usage, error).with_hint(hint));
    }
    // Caches that cannot be meant are refused here as they are by `build`.
    args.caches.caches()?;
    let variants = vec![one_variant(args, catalog)?];
    let question = Question::of(
        &args.variation,
        std::slice::from_ref(&args.artifact),
        global,
        // buildctl compresses no tar.
        PlanOptions {
            tar_compression: Some(TarCompression::Uncompressed),
            ..PlanOptions::default()
        },
    )
    .with_mirrors(args.mirrors.mirrors()?);
    let workspace = question.ask_for(catalog, variants)?;
    workspace.require_contexts()?;
    workspace.require_pinned()?;
    tell_unused_mirrors(&Plan::unused_mirrors(workspace.plans()), global);
    for plan in workspace.plans() {
        let git = git(catalog, &args.tag, &args.variation, global);
        let annotations = catalog.annotations(&plan.variant, &git);
        let annotations = annotations.map_err(|error| Failure::new(Exit::Catalog, error))?;
        let image_names = image_names(args, git, catalog, plan)?;
        let mut stdout = stdout::lock();
        match args.format {
            EmitFormat::Pb => stdout.write_all(&plan.to_emit().to_bytes())?,
            EmitFormat::Json => {
                serde_json::to_writer_pretty(&mut stdout, plan.to_emit())
                    .map_err(io::Error::from)?;
                writeln!(stdout)?;
            }
        }
        stdout.flush()?;
        if !global.quiet {
            let line = buildctl_line(
                plan,
                workspace.local(),
                &image_names,
                &annotations,
                &args.caches,
            )?;
            stderr::line(&format!("build it with: {line}"));
            for left_out in left_out(catalog, plan, &annotations) {
                stderr::line(&format!("note: {left_out}"));
            }
        }
    }
    Ok(())
}

/// The variant to emit: that of this machine's platform when none is named.
fn one_variant(args: &EmitArgs, catalog: &CheckedCatalog) -> Result<Variant, Failure> {
    let mut request = args.variation.request(std::slice::from_ref(&args.artifact));
    let implied = request.platforms.is_empty();
    let mut variants = catalog.select(&request)?;
    if implied {
        let host = host_platform();
        if variants.iter().any(|variant| variant.platform == host) {
            request.platforms = vec![host];
            variants.retain(|variant| request.platforms.contains(&variant.platform));
        }
    }
    match <[Variant; 1]>::try_from(variants) {
        Ok([variant]) => Ok(variant),
        Err(variants) => {
            let names: Vec<String> = variants.iter().map(ToString::to_string).collect();
            let error = format!(
                "`{}` stands for {} variants, and `emit` writes one",
                args.artifact,
                names.len()
            );
            let hint = format!(
                "choose one of {} with `--platform` and `--set`",
                catalog::listed(&names)
            );
            Err(Failure::new(Exit::Usage, error).with_hint(hint))
        }
    }
}

/// The names that buildctl pushes an image under; tars have no names.
fn image_names(
    args: &EmitArgs,
    git: GitValues,
    catalog: &CheckedCatalog,
    plan: &Plan,
) -> Result<Vec<String>, Failure> {
    match (plan.kind.is_image(), plan.id) {
        (true, Some(id)) => {
            let naming = ImageNaming {
                git,
                registries: args.registry.clone(),
                tags: args.tag.clone(),
                ..ImageNaming::default()
            };
            let names = names_of_platform(catalog, &naming, plan, id)?;
            Ok(names.iter().map(ToString::to_string).collect())
        }
        (false, _) if !args.registry.is_empty() || !args.tag.is_empty() => {
            let (artifact, kind) = (&plan.variant.artifact, plan.kind.as_str());
            let error =
                format!("artifact `{artifact}` is of the kind {kind}, and only an image is pushed");
            Err(Failure::new(Exit::Usage, error).with_hint("leave out `--registry` and `--tag`"))
        }
        _ => Ok(Vec::new()),
    }
}

fn buildctl_line(
    plan: &Plan,
    local: &LocalFiles,
    image_names: &[String],
    annotations: &[Annotation],
    caches: &CacheArgs,
) -> Result<String, Failure> {
    let mut words = vec!["buildctl".to_owned(), "build".to_owned()];
    let names: BTreeSet<&str> = plan
        .locals
        .iter()
        .map(|local| local.name.as_str())
        .collect();
    for name in names {
        words.extend([
            "--local".to_owned(),
            quoted(&format!("{name}={}", local.roots[name].display()))?,
        ]);
    }
    for id in &plan.stores {
        let directory = local.stores[id].directory().display();
        words.extend([
            "--oci-layout".to_owned(),
            quoted(&format!("{id}={directory}"))?,
        ]);
    }
    for read in &plan.reads {
        match read {
            Read::Secret {
                id,
                optional: false,
            } => words.extend(["--secret".to_owned(), quoted(&format!("id={id},src=FILE"))?]),
            // Without a socket, buildctl takes the agent of `SSH_AUTH_SOCK`.
            Read::Ssh { id } => words.extend(["--ssh".to_owned(), id.to_string()]),
            _ => {}
        }
    }
    for (flag, cache) in caches.of_buildctl() {
        words.extend([flag.to_owned(), quoted(&cache)?]);
    }
    let attestations = &plan.image_form.attestations;
    let attested = [
        ("provenance", &attestations.provenance),
        ("sbom", &attestations.sbom),
    ];
    for (kind, parameters) in attested {
        if let Some(parameters) = parameters {
            let option = quoted(&format!("attest:{kind}={parameters}"))?;
            words.extend(["--opt".to_owned(), option]);
        }
    }
    let output = match plan.kind.returned() {
        Returned::Tree if plan.kind == Kind::Files => format!("type=local,dest={}", plan.output),
        Returned::Tree => format!("type=tar,dest={}", one_word(&plan.output)),
        // The tar is a file of the result, and buildctl makes the directory.
        Returned::Tar => {
            let directory = plan.output.parent();
            let directory = directory.as_ref().map_or(".", ContextPath::as_str);
            format!("type=local,dest={directory}")
        }
        Returned::Image => image_output(plan, image_names, annotations),
    };
    words.extend(["--output".to_owned(), quoted(&output)?]);
    Ok(words.join(" "))
}

/// An output as one name, since buildctl makes no directory for a file: `tools-amd64.tar`.
fn one_word(output: &ContextPath) -> String {
    output.as_str().replace('/', "-")
}

/// buildctl's output for an image: pushed if it has names, else an archive; with its config, which is no part of LLB.
/// buildctl reads the fields as CSV.
fn image_output(plan: &Plan, names: &[String], annotations: &[Annotation]) -> String {
    let target = match names {
        [] => {
            format!("type=oci,dest={}", one_word(&plan.output))
        }
        [name] => format!("type=image,name={name},push=true"),
        names => format!("type=image,\"name={}\",push=true", names.join(",")),
    };
    let mut fields = vec![target, "oci-mediatypes=true".to_owned()];
    if let Some(compression) = plan.image_form.compression {
        fields.push(format!("compression={}", compression.name()));
        let level = compression.level();
        fields.extend(level.map(|level| format!("compression-level={level}")));
        fields.push("force-compression=true".to_owned());
    }
    for Annotation { place, value } in annotations {
        let platform = place.platform.as_ref();
        let is_its = platform.is_none_or(|platform| *platform == plan.variant.platform);
        if is_its && place.on == Annotated::Manifest {
            fields.push(csv(&format!("annotation-manifest.{}={value}", place.key)));
        }
    }
    fields.push(csv(&format!("containerimage.config={}", plan.oci.image)));
    fields.join(",")
}

/// A field of CSV.
fn csv(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// What the artifact declares and buildctl's line does not have.
fn left_out(catalog: &CheckedCatalog, plan: &Plan, annotations: &[Annotation]) -> Vec<String> {
    let of_index = annotations
        .iter()
        .filter(|one| one.place.on == Annotated::Index);
    let mut told: Vec<String> = of_index
        .map(|one| {
            let key = &one.place.key;
            format!("the image of one platform has no index, so `index:{key}` is left out")
        })
        .collect();
    let artifact = catalog.get(plan.variant.artifact.as_str());
    let compression = artifact.and_then(Artifact::declared_compression);
    if let Some(compression) = compression.filter(|_| !plan.kind.is_image()) {
        told.push(format!(
            "buildctl writes a plain tar, and not one in `{compression}`"
        ));
    }
    told
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> Result<String, Failure> {
    let quoted = shlex::try_quote(word).map_err(|error| Failure::new(Exit::Catalog, error))?;
    Ok(quoted.into_owned())
}
