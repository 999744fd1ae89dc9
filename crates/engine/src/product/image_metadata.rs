//! What an image is published with besides what it was built from: annotations, and the labels of a call. It enters no
//! id.

use std::collections::BTreeMap;

use catalog::{Annotation, AnnotationPlace, ContentDigest, Platform};
use serde_json::json;

/// The annotations of an image, and the labels that a call adds to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageMetadata {
    annotations: Vec<Annotation>,
    labels: BTreeMap<String, String>,
}

impl ImageMetadata {
    /// The annotations of an artifact, and those of a call, which go before them key by key. Annotations of platforms
    /// that the image does not have are left out.
    pub(super) fn new(
        declared: Vec<Annotation>,
        given: &[Annotation],
        labels: &BTreeMap<String, String>,
        platforms: &[Platform],
    ) -> Self {
        let mut annotations = declared;
        let is_had = |one: &&Annotation| {
            let platform = one.place.platform.as_ref();
            platform.is_none_or(|platform| platforms.contains(platform))
        };
        for one in given.iter().filter(is_had) {
            annotations.retain(|known| !goes_before(&one.place, &known.place));
            annotations.push(one.clone());
        }
        annotations.sort();
        Self {
            annotations,
            labels: labels.clone(),
        }
    }

    /// The annotations, in the order of their places.
    pub fn annotations(&self) -> &[Annotation] {
        &self.annotations
    }

    /// The labels that its config gets.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The digest of it; `None` if there is nothing. An index carries it, so that an image with other metadata is not
    /// taken for this one.
    pub fn digest(&self) -> Option<String> {
        if self.annotations.is_empty() && self.labels.is_empty() {
            return None;
        }
        let annotations = self.annotations.iter().map(|Annotation { place, value }| {
            let platform = place.platform.as_ref().map(ToString::to_string);
            json!([place.on.as_str(), platform, place.key, value])
        });
        let annotations: Vec<_> = annotations.collect();
        let all = json!([annotations, self.labels]);
        Some(ContentDigest::of(all.to_string().as_bytes()).to_string())
    }
}

/// Whether an annotation of a call takes the place of one that is there: for all platforms that of each, else that of
/// its platform.
fn goes_before(given: &AnnotationPlace, known: &AnnotationPlace) -> bool {
    let is_same_key = given.on == known.on && given.key == known.key;
    is_same_key && (given.platform.is_none() || given.platform == known.platform)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Vec<Annotation> {
        let each = texts.iter().map(|text| Annotation::parse(text).unwrap());
        each.flatten().collect()
    }

    #[test]
    fn annotations_of_a_call_go_before_those_of_the_artifact() {
        let platforms: [Platform; 2] = ["linux/amd64", "linux/arm64"].map(|it| it.parse().unwrap());
        let metadata = |declared: &[&str], given: &[&str]| {
            let (declared, given) = (read(declared), read(given));
            ImageMetadata::new(declared, &given, &BTreeMap::new(), &platforms)
        };
        let check = |declared: &[&str], given: &[&str], expected: &[&str]| {
            let mut expected = read(expected);
            expected.sort();
            assert_eq!(metadata(declared, given).annotations(), expected);
        };
        check(&["a=1", "b=1"], &["a=2"], &["a=2", "b=1"]);
        check(&["a=1"], &["index:a=2"], &["a=1", "index:a=2"]);
        check(&["a=1"], &["a=2", "a=3"], &["a=3"]);
        let by_platform = ["manifest[linux/amd64]:a=1", "manifest[linux/arm64]:a=2"];
        check(&by_platform, &["a=3"], &["a=3"]);
        let arm = "manifest[linux/arm64]:a=3";
        check(&by_platform, &[arm], &[by_platform[0], arm]);
        check(&["a=1"], &[arm], &["a=1", arm]);
        check(&[], &["manifest[linux/386]:a=1"], &[]);
    }

    #[test]
    fn other_metadata_has_another_digest() {
        let digest = |annotations: &[&str], labels: &[(&str, &str)]| {
            let labels = labels.iter();
            let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            ImageMetadata::new(read(annotations), &[], &labels.collect(), &[]).digest()
        };
        assert_eq!(digest(&[], &[]), None);
        let all = [
            digest(&["a=1"], &[]),
            digest(&["a=2"], &[]),
            digest(&["index:a=1"], &[]),
            digest(&[], &[("a", "1")]),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(one.is_some() && !all[..index].contains(one));
        }
    }
}
