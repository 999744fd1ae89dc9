//! Options that any vertex can have.

use std::borrow::Cow;
use std::sync::Arc;

use crate::metadata::{ExportCache, LinuxResources, ProgressGroup};
use crate::notes::SharedNotes;
use crate::platform::Platform;
use crate::sourcemap::SourceLocation;

/// The options of one vertex. Mirrors the vertex-level `llb.Constraints`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub(crate) platform: Option<Arc<Platform>>,
    pub(crate) notes: SharedNotes,
    rare: Option<Box<Rare>>,
}

/// Options that few vertices have.
#[derive(Debug, Clone, Default)]
struct Rare {
    filters: Vec<String>,
    locations: Vec<SourceLocation>,
}

impl Options {
    /// Options with notes, and no constraint but the platform.
    pub(crate) fn of_notes(platform: Option<Arc<Platform>>, notes: SharedNotes) -> Self {
        Self {
            platform,
            notes,
            rare: None,
        }
    }

    /// The filters that a worker must match.
    pub(crate) fn filters(&self) -> &[String] {
        self.rare.as_deref().map_or(&[], |rare| &rare.filters)
    }

    /// The source locations of the vertex.
    pub(crate) fn locations(&self) -> &[SourceLocation] {
        self.rare.as_deref().map_or(&[], |rare| &rare.locations)
    }

    pub(crate) fn add_filter(&mut self, filter: String) {
        self.rare.get_or_insert_default().filters.push(filter);
    }

    pub(crate) fn add_location(&mut self, location: SourceLocation) {
        self.rare.get_or_insert_default().locations.push(location);
    }

    pub(crate) fn describe(&mut self, key: Cow<'static, str>, value: String) {
        self.notes.get_mut().describe(key, value.into());
    }

    pub(crate) fn set_platform(&mut self, platform: Platform) {
        self.platform = Some(Arc::new(platform));
    }

    pub(crate) fn set_export_cache(&mut self, export: ExportCache) {
        self.notes.get_mut().export_cache = Some(export);
    }

    pub(crate) fn set_progress_group(&mut self, group: ProgressGroup) {
        self.notes.get_mut().progress_group = Some(Arc::new(group));
    }

    pub(crate) fn set_linux_resources(&mut self, resources: LinuxResources) {
        self.notes.get_mut().linux_resources = Some(Arc::new(resources));
    }
}

/// A builder of a vertex, which has options. Only this crate's builders are such.
pub trait HasOptions {
    /// The options, to change them.
    fn options_mut(&mut self) -> &mut Options;
}

/// The methods that set options.
macro_rules! option_methods {
    ($($visibility:tt)?) => {
        /// Sets the name that progress shows. Default: a name that the daemon makes from the op.
        $($visibility)? fn custom_name(mut self, name: impl Into<String>) -> Self {
            $crate::options::HasOptions::options_mut(&mut self)
                .describe($crate::notes::CUSTOM_NAME.into(), name.into());
            self
        }

        /// Adds an entry to the description, which the daemon passes on and does not read.
        $($visibility)? fn description(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).describe(key.into().into(), value.into());
            self
        }

        /// Runs the vertex even when the cache has its result.
        $($visibility)? fn ignore_cache(mut self) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).notes.get_mut().ignore_cache = true;
            self
        }

        /// Sets whether the result goes into an exported cache. Default: the export's mode decides.
        $($visibility)? fn export_cache(mut self, export: $crate::metadata::ExportCache) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).set_export_cache(export);
            self
        }

        /// Shows the vertex in a group of the progress.
        $($visibility)? fn progress_group(mut self, group: $crate::metadata::ProgressGroup) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).set_progress_group(group);
            self
        }

        /// Limits the containers of the vertex; has an effect on execs only.
        $($visibility)? fn linux_resources(mut self, resources: $crate::metadata::LinuxResources) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).set_linux_resources(resources);
            self
        }

        /// Sets the platform of this vertex alone, stored as given. Default: the state's, else the one of the marshal
        /// call. Kept by images, OCI layouts, execs and nested builds; other ops have no platform.
        $($visibility)? fn platform(mut self, platform: $crate::platform::Platform) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).set_platform(platform);
            self
        }

        /// Adds a filter that a worker must match, in containerd's filter syntax.
        $($visibility)? fn require_worker(mut self, filter: impl Into<String>) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).add_filter(filter.into());
            self
        }

        /// Adds the place in a source file that the vertex comes from; errors of the daemon show it.
        $($visibility)? fn location(mut self, location: $crate::sourcemap::SourceLocation) -> Self {
            $crate::options::HasOptions::options_mut(&mut self).add_location(location);
            self
        }
    };
}
pub(crate) use option_methods;

/// What every builder of a vertex has: names, cache, groups, limits, locations. The builders have the same methods as
/// their own; the trait is for functions that take any of them.
///
/// ```
/// use buildkit_llb::{Exec, Http, VertexOptions};
///
/// fn from_upstream<B: VertexOptions>(builder: B, name: &str) -> B {
///     builder.custom_name(format!("[upstream] {name}")).description("team", "base")
/// }
///
/// let file = from_upstream(Http::new("https://example.com/file"), "file").state();
/// let built = file.run(from_upstream(Exec::new(["/file"]), "run it"));
/// ```
pub trait VertexOptions: HasOptions + Sized {
    option_methods!();
}

/// The methods of [`VertexOptions`] as a builder's own, so that no trait has to be imported.
macro_rules! vertex_option_methods {
    () => {
        $crate::options::option_methods!(pub);
    };
}
pub(crate) use vertex_option_methods;

/// The trait of the options, for a builder with a field `options: Options`.
macro_rules! vertex_options {
    ($builder:ident) => {
        impl $crate::options::HasOptions for $builder {
            fn options_mut(&mut self) -> &mut $crate::options::Options {
                &mut self.options
            }
        }

        impl $crate::options::VertexOptions for $builder {}
    };
}
pub(crate) use vertex_options;
