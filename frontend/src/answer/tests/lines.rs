//! The lines of warnings.

use super::*;

#[test]
fn lines_are_shown_of_the_file_that_a_client_names() {
    let variants = select("base", "linux/amd64", &[]);
    let check = |file: &str, expected: usize| {
        let shown = Shown::Only(file.to_owned());
        let results = lint::check(&catalog(), &variants, &inputs(true), shown);
        let json = results.into_answer().unwrap().json;
        let results: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let location = &results["warnings"][0]["location"];
        assert_eq!(location["sourceIndex"], 0);
        assert_eq!(results["sources"][0]["filename"], "base.dockerfile");
        assert_eq!(location["ranges"].as_array().unwrap().len(), expected);
    };
    check("base.dockerfile", 1);
    check("llbgen.toml", 0);
}

#[test]
fn a_base_is_where_it_is_written_and_not_where_the_artifact_begins() {
    let text = "[artifact.only]\nkind = \"rootfs\"\ndescription = \"x\"\nbase = \"debian:12\"\n";
    let file = CatalogFile::parse("llbgen.toml", text).unwrap();
    let catalog = Catalog::new().with_file(file).unwrap();
    let catalog = catalog.check().unwrap();
    let all = Request {
        artifacts: vec!["only".to_owned()],
        ..Request::default()
    };
    let variants = catalog.select(&all).unwrap();
    let results = lint::check(&catalog, &variants, &Inputs::default(), Shown::All);
    let answer = results.into_answer().unwrap();
    let place = "the base of artifact `only`, llbgen.toml:4: `debian:12` is not in";
    assert!(answer.text.contains(place), "{}", answer.text);
    let results: serde_json::Value = serde_json::from_slice(&answer.json).unwrap();
    let range = &results["warnings"][0]["location"]["ranges"][0];
    assert_eq!(
        (&range["start"]["line"], &range["end"]["line"]),
        (&4.into(), &4.into())
    );
}
