//! What a call gives to images: tags with placeholders, annotations, labels.

use catalog::{CheckedCatalog, Template, Variant};

use super::{
    super::{ImageMetadata, ImageProduct},
    NameError, Namer,
};

/// What a tag names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tagged {
    Index,
    Platform,
}

impl Namer<'_> {
    /// The given tags that name the index of an image, or those that name a platform of it alone, which are not the same
    /// for all its platforms; each as it is given, and filled in for the first platform.
    pub(super) fn given_tags(
        &self,
        image: &ImageProduct,
        tagged: Tagged,
    ) -> Result<Vec<(&Template, String)>, NameError> {
        let mut found = Vec::new();
        for tag in &self.naming.tags {
            let first = self.filled(tag, image.variant())?;
            let mut is_same = true;
            for platform in image.declared() {
                let mut variant = image.variant().clone();
                variant.platform = platform.clone();
                is_same &= self.filled(tag, &variant)? == first;
            }
            if is_same == (tagged == Tagged::Index) {
                found.push((tag, first));
            }
        }
        Ok(found)
    }

    /// A given tag for a variant.
    pub(super) fn filled(&self, tag: &Template, variant: &Variant) -> Result<String, NameError> {
        let filled = CheckedCatalog::tag(tag, variant, &self.naming.git);
        filled.map_err(|source| NameError::Tag {
            tag: tag.to_string(),
            source,
        })
    }

    /// Refuses given tags that cannot be filled in for an image, also while its other names are unknown.
    pub(in crate::product) fn check_tags(&self, image: &ImageProduct) -> Result<(), NameError> {
        let mut tags = self.naming.tags.iter();
        tags.try_for_each(|tag| self.filled(tag, image.variant()).map(drop))
    }

    /// What an image is published with besides.
    pub(in crate::product) fn metadata(
        &self,
        image: &ImageProduct,
    ) -> Result<ImageMetadata, NameError> {
        let naming = self.naming;
        let declared = self.catalog.annotations(image.variant(), &naming.git)?;
        let (annotations, labels) = (&naming.annotations, &naming.labels);
        let platforms = image.declared();
        Ok(ImageMetadata::new(declared, annotations, labels, platforms))
    }
}
