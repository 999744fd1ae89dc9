//! `llbgen drift`: whether the FROM lines of Dockerfiles name the current content tags of the catalog's images.

use std::{io::Write as _, path::Path};

use catalog::{Caching, CheckedCatalog};
use engine::{
    Delivery, Goal, ImageNaming, NotPinned, Others,
    drift::{CurrentTags, Drift},
};
use import::{FromLine, from_lines};
use serde::Serialize;

use crate::{
    args::{DriftArgs, Global, ListingFormat},
    failure::{Exit, Failure},
    git::git,
    stderr, stdout,
    terminal::plain,
    workspace::Question,
};

#[derive(Serialize)]
struct Row {
    file: String,
    line: usize,
    /// The image as it is written; empty for a file that cannot be read as a Dockerfile.
    from: String,
    /// `match`, `drift`, `custom` or `unparseable`.
    verdict: &'static str,
    /// The image of the catalog that it matches; the references of today if it drifts; or a reason.
    detail: String,
}

pub(crate) fn run(
    args: &DriftArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<(), Failure> {
    let tags = current(args, global, catalog)?;
    let mut rows = Vec::new();
    for file in &args.files {
        rows.extend(of_file(file, &tags)?);
    }
    match args.format {
        ListingFormat::Json => stdout::json(&rows)?,
        ListingFormat::Text => write!(stdout::lock(), "{}", plain(&text(&rows)))?,
    }
    for row in rows.iter().filter(|row| row.verdict == "drift") {
        stderr::line(&format!(
            "warning: `{}:{}` names `{}`, and the catalog now makes {}",
            row.file, row.line, row.from, row.detail
        ));
    }
    Ok(())
}

fn current(
    args: &DriftArgs,
    global: &Global,
    catalog: &CheckedCatalog,
) -> Result<CurrentTags, Failure> {
    let all = ["all".to_owned()];
    let question = Question::of(&args.variation, &all, global, Caching::Use);
    let mut workspace = question.ask_for_whole_images(catalog, Others::Needed)?;
    NotPinned::refuse(workspace.unpinned())?;
    let naming = ImageNaming {
        git: git(catalog, &[], &args.variation, global),
        ..ImageNaming::default()
    };
    let products = workspace.take_products(Delivery {
        goal: Goal::Archive,
        naming: &naming,
        by_platform: false,
        files_as_tars: false,
    })?;
    CurrentTags::of(catalog, &products, &naming.git)
        .map_err(|problem| Failure::new(Exit::Catalog, problem))
}

fn of_file(path: &Path, tags: &CurrentTags) -> Result<Vec<Row>, Failure> {
    let file = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| {
        Failure::new(Exit::Catalog, format!("`{file}` cannot be read: {error}"))
    })?;
    Ok(match from_lines(&String::from_utf8_lossy(&text)) {
        Err(unreadable) => vec![Row {
            file,
            line: unreadable.line,
            from: String::new(),
            verdict: "unparseable",
            detail: unreadable.reason,
        }],
        Ok(lines) => lines
            .into_iter()
            .map(|line| row(&file, line, tags))
            .collect(),
    })
}

fn row(file: &str, line: FromLine, tags: &CurrentTags) -> Row {
    let compared = match line.image {
        Ok(image) => tags.compare(&image),
        Err(reason) => Drift::Unparseable { reason },
    };
    let (verdict, detail) = match compared {
        Drift::Match { image } => ("match", image),
        Drift::Drift { current } => {
            let names = current.iter().map(|(_, name)| name);
            ("drift", catalog::listed(names))
        }
        Drift::Custom { reason } => ("custom", reason),
        Drift::Unparseable { reason } => ("unparseable", reason),
    };
    Row {
        file: file.to_owned(),
        line: line.line,
        from: line.written,
        verdict,
        detail,
    }
}

fn text(rows: &[Row]) -> String {
    let cells = |row: &Row| {
        let place = format!("{}:{}", row.file, row.line);
        [
            place,
            row.from.clone(),
            row.verdict.to_owned(),
            row.detail.clone(),
        ]
    };
    let rows: Vec<_> = rows.iter().map(cells).collect();
    engine::table(["LINE", "FROM", "VERDICT", "DETAIL"], &rows)
}
