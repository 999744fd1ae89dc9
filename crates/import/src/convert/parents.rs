//! `COPY --parents`.

use super::{Loss, copy::Place, globs::has_glob, stage::StageConversion};
use crate::{path::in_context, text::Text};

impl StageConversion<'_, '_, '_> {
    /// The place of one source with `--parents`: below `to`, the source's path from its root, or from `/./` on.
    pub(super) fn with_parents(&mut self, path: &Text, place: &Place) -> Result<Place, Loss> {
        let literal = self.known(path).ok_or_else(|| {
            Loss::new("`--parents` of a path with a variable, whose parents are not known")
        })?;
        let (_, kept) = literal.split_once("/./").unwrap_or(("", &literal));
        let kept = in_context(kept);
        let parts: Vec<&str> = kept.split('/').collect();
        let plain = parts.iter().take_while(|part| !has_glob(part)).count();
        let is_glob = plain < parts.len();
        let below = parts[..plain].join("/");
        let slash = if place.to.ends_with('/') { "" } else { "/" };
        let end = if is_glob && !below.is_empty() {
            "/"
        } else {
            ""
        };
        let to = Text::literal(format!("{slash}{below}{end}"));
        Ok(Place {
            to: place.to.clone().and(&to),
            ..place.clone()
        })
    }
}
