//! Time and allocations of building, marshalling and encoding large graphs, with their head digests asserted.
//!
//!     cargo bench -p buildkit-llb                            prints the figures
//!     cargo bench -p buildkit-llb -- --against FILE          beside those of `bench-go bench`, and the ratios
//!     cargo bench -p buildkit-llb -- --goals                 and fails when a goal is missed
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a bench needs a clock, and reads the other side's figures"
)]

mod graphs;
mod report;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use buildkit_llb::{Constraints, Definition, Image, Platform, State};

use self::report::{Measurement, Report};

/// The number of measurements for a median.
const RUNS: usize = 7;

/// A name, the builder of the graph, and the head digest that BuildKit's Go client gives it.
type Graph = (&'static str, fn() -> State, &'static str);

/// The measured graphs. The chains beyond 1000 show how time grows.
const GRAPHS: [Graph; 4] = [
    (
        "chain-1000",
        || chain(1000),
        "sha256:504794b6df9f4c363b778cb5a01911e0178201c46fac6e8adf29d05ae44703f3",
    ),
    (
        "chain-2000",
        || chain(2000),
        "sha256:d27487c172fb5569ae119af7627ec9bd12db6fc508be60b262412959e0b1f223",
    ),
    (
        "chain-4000",
        || chain(4000),
        "sha256:8e4b310876956da49148ebd6bf89a71b2113e2178dcb5912ab7012605774027c",
    ),
    (
        "bench-10k",
        || graphs::realistic(10_000),
        "sha256:56bfb10be36b9ff921301efacb2abd17357e9a1416c61a22cb2717f799140265",
    ),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let mut report = Report::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.as_slice().first()) {
            ("--against", Some(file)) => {
                let text = std::fs::read_to_string(file).expect("the other side's figures");
                report.compare_with(&text);
                arguments.next();
            }
            ("--goals", _) => report.require_goals(),
            (other, _) => panic!("unknown argument `{other}`"),
        }
    }
    for (graph, build, head) in GRAPHS {
        let definition = marshal(&build());
        assert_eq!(
            definition.head().map(|head| head.to_string()).as_deref(),
            Some(head),
            "{graph}"
        );
        report.add(measure(graph, "construct", head, build));
        report.add(measure(graph, "marshal", head, || {
            let state = build();
            (marshal(&state), state)
        }));
        report.add(measure(graph, "encode", head, || {
            let state = build();
            let definition = marshal(&state);
            (definition.to_bytes(), definition, state)
        }));
    }
    println!("{report}");
    if report.is_met() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn chain(length: usize) -> State {
    graphs::chain(
        &Image::new("busybox".parse().expect("a reference")).state(),
        length,
    )
}

fn marshal(state: &State) -> Definition {
    let constraints =
        Constraints::new(Platform::new("linux", "amd64")).local_unique_id("oracle-unique-id");
    state.marshal(&constraints).expect("the graph is valid")
}

/// The median time of some runs, and the allocations of one run. The result of a run is freed outside of its time, as
/// the Go side's collector does most of its work between the runs.
fn measure<T>(
    graph: &'static str,
    step: &'static str,
    head: &'static str,
    run: impl Fn() -> T,
) -> Measurement {
    let allocated = allocation_counter::measure(|| drop(run()));
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let made = black_box(run());
            let time = start.elapsed().as_secs_f64() * 1000.0;
            drop(made);
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Measurement {
        graph: graph.to_owned(),
        step: step.to_owned(),
        milliseconds: times[times.len() / 2],
        bytes: allocated.bytes_total,
        allocations: allocated.count_total,
        head: head.to_owned(),
    }
}
