//! The state: an output of the graph, and the values that steps on it inherit.

use std::net::IpAddr;
use std::sync::Arc;

use crate::constraints::Constraints;
use crate::definition::Definition;
use crate::error::MarshalError;
use crate::exec::{Exec, ExecOutputs};
use crate::file::FileActions;
use crate::graph_ops::Passthrough;
use crate::marshal;
use crate::platform::Platform;
use crate::reference::ImageRef;
use crate::settings::{NetworkMode, SecurityMode, Setting, Ulimit, Values, settings_methods};
use crate::source::{Image, ImageConfig};
use crate::vertex::Output;

/// A file system in the making: an output of a vertex (or nothing, [`scratch`](Self::scratch)), and the environment,
/// directory, user and so on that steps on it inherit. Immutable; a clone is cheap. Mirrors `llb.State`.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) output: Option<Output>,
    pub(crate) values: Arc<Values>,
    pub(crate) defaults: Option<Arc<Constraints>>,
}

impl State {
    /// The empty file system.
    pub fn scratch() -> Self {
        Self {
            output: None,
            values: Arc::default(),
            defaults: None,
        }
    }

    /// An image of a registry, without options; [`Image`] has them.
    pub fn image(reference: ImageRef) -> Self {
        Image::new(reference).state()
    }

    /// Runs a command on this state. The root file system after it is the new state; environment, directory and so on
    /// continue from this state, not from the exec's own settings.
    pub fn run(&self, exec: Exec) -> Self {
        self.exec(exec).root()
    }

    /// The same as [`run`](Self::run), for commands whose other mounts are results too.
    pub fn exec(&self, exec: Exec) -> ExecOutputs {
        exec.on(self)
    }

    /// Changes files in this state.
    pub fn file(&self, actions: impl Into<FileActions>) -> Self {
        actions.into().apply_to(self)
    }

    settings_methods!();

    /// Sets the platform of later execs, in its normalised form. Default: the platform of the source or exec that
    /// set its own, else that of the marshal call.
    pub fn platform(self, platform: &Platform) -> Self {
        self.set(Setting::Platform(Arc::new(platform.normalized())))
    }

    /// Continues from an image's config: its environment, its directory, and its platform, if it has one.
    pub fn image_config(mut self, config: &ImageConfig) -> Self {
        for variable in &config.env {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            if !name.is_empty() {
                self = self.env(name, value);
            }
        }
        let state = self.dir(config.working_dir.as_str());
        match &config.platform {
            Some(platform) => state.platform(platform),
            None => state,
        }
    }

    /// The output of this state with the values of `other`, but with the directory `/`. An output with a platform of
    /// its own has that platform, and the directory of `other`, as in BuildKit's client.
    pub fn reset(&self, other: &Self) -> Self {
        let values = State {
            output: None,
            values: other.values.clone(),
            defaults: None,
        };
        let output = self.output.as_ref();
        let has_platform = output.is_some_and(|output| output.vertex.output_platform().is_some());
        let values = if has_platform {
            values
        } else {
            values.dir("/")
        };
        values.with_output(self.output.clone())
    }

    /// The files of `files` with all that this state has besides: environment, directory, user, platform and so on. For
    /// a command that changes a tree which it mounts: what it leaves there goes on as this state would.
    ///
    /// ```
    /// use buildkit_llb::{BindMount, Exec, Image, State};
    ///
    /// let base = Image::new("debian:bookworm".parse()?).state().env("LANG", "C.UTF-8").dir("/srv");
    /// let tools = Image::new("tools:1".parse()?).state();
    /// let changed = tools
    ///     .exec(Exec::new(["/tidy", "/tree"]).mount(BindMount::new("/tree", &base)))
    ///     .mount("/tree")?;
    /// let tidy = base.replace_files(&changed);
    /// assert_eq!((tidy.get_env("LANG"), tidy.get_dir()), (Some("C.UTF-8"), "/srv"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replace_files(&self, files: &Self) -> Self {
        Self {
            output: files.output.clone(),
            values: self.values.clone(),
            defaults: None,
        }
    }

    /// This state, once `dependencies` are done too. Mirrors `State.Requires`; needs BuildKit 0.31.
    ///
    /// Scratch cannot wait: marshalling it is an error then.
    pub fn requires(&self, id: impl Into<String>, dependencies: &[Self]) -> Self {
        if dependencies.is_empty() {
            return self.clone();
        }
        let passthrough = Passthrough::new(id).output(self);
        let passthrough = dependencies
            .iter()
            .fold(passthrough, Passthrough::dependency);
        passthrough.states().pop().unwrap_or_default()
    }

    /// Whether this is scratch, which has no vertex.
    pub fn is_scratch(&self) -> bool {
        self.output.is_none()
    }

    /// The working directory.
    pub fn get_dir(&self) -> &str {
        &self.values.dir
    }

    /// The value of an environment variable.
    pub fn get_env(&self, name: &str) -> Option<&str> {
        self.values.env.get(name)
    }

    /// The environment variables in order.
    pub fn env_vars(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.env.pairs()
    }

    /// The user; empty when none is set.
    pub fn get_user(&self) -> &str {
        &self.values.user
    }

    /// The host name; empty when none is set.
    pub fn get_hostname(&self) -> &str {
        &self.values.hostname
    }

    /// The cgroup below which containers run; empty for the daemon's.
    pub fn get_cgroup_parent(&self) -> &str {
        &self.values.cgroup_parent
    }

    /// The network of later execs.
    pub fn get_network(&self) -> NetworkMode {
        self.values.network
    }

    /// The confinement of later execs.
    pub fn get_security(&self) -> SecurityMode {
        self.values.security
    }

    /// The lines that are added to `/etc/hosts`, in order.
    pub fn extra_hosts(&self) -> impl Iterator<Item = (&str, IpAddr)> {
        let hosts = self.values.extra_hosts.iter();
        hosts.map(|(host, address)| (&**host, *address))
    }

    /// The limits for processes, in order.
    pub fn ulimits(&self) -> &[Ulimit] {
        &self.values.ulimits
    }

    /// The platform of later execs, when the state has one.
    pub fn get_platform(&self) -> Option<&Platform> {
        self.values.platform.as_deref()
    }

    /// Sets constraints that apply before those of the marshal call. Only this state has them, and not the states that
    /// are made from it. Mirrors `SetMarshalDefaults`.
    pub fn marshal_defaults(mut self, defaults: Constraints) -> Self {
        self.defaults = Some(Arc::new(defaults));
        self
    }

    /// The graph as a definition: the bytes that a daemon solves.
    ///
    /// # Errors
    /// When a vertex is invalid, or needs a platform or an id that nothing gives.
    pub fn marshal(&self, constraints: &Constraints) -> Result<Definition, MarshalError> {
        match &self.defaults {
            None => marshal::marshal(self, constraints),
            Some(defaults) => marshal::marshal(self, &defaults.overridden_by(constraints)),
        }
    }

    /// A new state with nothing but an output.
    pub(crate) fn of_output(output: Output) -> Self {
        Self::scratch().with_output(Some(output))
    }

    /// The same values with another output, and its platform, if it has one.
    pub(crate) fn with_output(&self, output: Option<Output>) -> Self {
        let mut values = self.values.clone();
        if let Some(platform) = output
            .as_ref()
            .and_then(|output| output.vertex.output_platform())
        {
            Arc::make_mut(&mut values).platform = Some(Arc::new(platform.normalized()));
        }
        Self {
            output,
            values,
            defaults: None,
        }
    }

    fn set(mut self, setting: Setting) -> Self {
        Arc::make_mut(&mut self.values).apply(setting);
        self.defaults = None;
        self
    }
}

impl Default for State {
    fn default() -> Self {
        Self::scratch()
    }
}
