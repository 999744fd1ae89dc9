//! The artifacts of a file beside those of a program.

use super::{CatalogFile, FileError, Mistake};
use crate::{artifact::Artifact, catalog::Catalog, problem::Problem};

impl Catalog {
    /// This catalog with the artifacts of a file beside its own.
    ///
    /// The file's `default` replaces that of the catalog. A name that both have is refused.
    pub fn with_file(mut self, file: CatalogFile) -> Result<Self, FileError> {
        for artifact in &file.artifacts {
            let same_name = |other: &&Artifact| other.name == artifact.name;
            let other = self.artifacts.iter().find(same_name);
            if let (Some(other), Some(place)) = (other, artifact.place()) {
                return Err(place.error(Mistake::NameTaken {
                    name: artifact.name.to_string(),
                    other: other.origin(),
                }));
            }
        }
        self.artifacts.extend(file.artifacts);
        self.parts.extend(file.parts);
        self.options.extend(file.options);
        self.groups.extend(file.groups);
        self.files.extend(file.files);
        for (name, row) in file.values.all() {
            let twice = self.values.add(
                name.clone(),
                &row.value,
                row.fields.clone(),
                row.place.clone(),
            );
            self.problems
                .extend(twice.into_iter().map(|field| Problem::FieldTwice {
                    field: format!("values.{name}.\"{}\".{field}", row.value),
                }));
        }
        self.build_platform = file.build_platform.or(self.build_platform);
        self.defaults = file.defaults.unwrap_or(self.defaults);
        Ok(self)
    }
}
