//! Every golden vector, built through the public API and compared with the output of BuildKit's Go client for the same
//! graph: op bytes, metadata, source locations, and the JSON view.
//!
//! The builders read no vector; only `compare` does.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod big;
mod compare;
mod exec;
mod file;
mod graph;
mod metadata;
mod platform;
mod sources;
mod state;

use buildkit_llb::{Constraints, Image, Platform, State};

/// A graph, and the constraints of its marshal call.
struct Case {
    state: State,
    constraints: Constraints,
}

impl From<State> for Case {
    fn from(state: State) -> Self {
        Self {
            state,
            constraints: standard(),
        }
    }
}

impl From<(State, Constraints)> for Case {
    fn from((state, constraints): (State, Constraints)) -> Self {
        Self { state, constraints }
    }
}

/// The standard marshal options of the vectors.
fn standard() -> Constraints {
    Constraints::new(Platform::new("linux", "amd64")).local_unique_id("oracle-unique-id")
}

fn image(reference: &str) -> State {
    Image::new(reference.parse().unwrap()).state()
}

fn alpine() -> State {
    image("alpine")
}

/// A test for each case: its builder is `module::name`, its vector `name` with dashes.
macro_rules! vectors {
    ($($module:ident: $($case:ident)*;)*) => {
        $($(
            #[test]
            fn $case() {
                compare::check(&stringify!($case).replace('_', "-"), $module::$case());
            }
        )*)*

        /// The vectors that have a test.
        const COVERED: &[&str] = &[$($(stringify!($case)),*),*];
    };
}

vectors! {
    sources: image_default image_platform image_digest_ref image_resolve_digest image_resolver_no_digest
        image_resolvemode_default image_resolvemode_pull image_attrs image_blob local_basic local_full local_session
        local_unique_own http_basic http_full git_basic git_ssh oci_layout scratch;
    exec: exec_basic exec_scratch_root exec_shlex exec_meta_full exec_network exec_security_insecure exec_proxy
        exec_mount_bind exec_mount_cache exec_mount_tmpfs exec_secret_file exec_secret_env exec_ssh exec_ssh_env_set
        exec_mount_sort exec_output_secondary exec_readonly_root exec_content_cache exec_linux_resources exec_caps_all
        exec_caps_no_default_path exec_platform_override;
    state: state_env_order state_dir state_image_config state_run_options_local;
    file: file_mkdir file_mkfile file_symlink file_rm file_copy_basic file_copy_mode file_paths file_chain
        file_copy_scratch_source file_constraints;
    graph: merge_three diff_two diff_same diff_lower_scratch build_op definition_op diamond;
    platform: multiplatform_amd64 multiplatform_arm64v8;
    metadata: metadata_marshal_level metadata_marshal_level_description marshal_defaults source_map;
    big: chain_1000 base_rootfs_amd64 bench_10k;
}

#[test]
fn every_vector_has_a_test() {
    let covered: Vec<String> = COVERED.iter().map(|case| case.replace('_', "-")).collect();
    let missing: Vec<String> = compare::names()
        .into_iter()
        .filter(|name| !covered.contains(name))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "vectors without a test");
}
