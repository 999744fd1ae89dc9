//! Decoding arbitrary bytes: the result is an error, or a definition that everything else can work with.
//!
//! Mutations start from real definitions. Half of them change ops and then put the new digests where the old ones
//! stood, so that they get past the checks of digests. A short run is part of the tests; for a long one:
//!
//!     LLB_FUZZ_SECONDS=600 cargo test --release -p buildkit-llb --test decode_fuzz
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use buildkit_llb::{
    Args, BindMount, Build, CacheMount, Constraints, Copy, Definition, Diff, Exec, FileActions,
    Git, Http, Image, Local, Merge, Mkdir, Mkfile, OpDigest, Passthrough, Platform, ProgressGroup,
    Range, Rm, SecretEnv, SecretFile, SourceMap, SshSocket, State, Symlink, TmpfsMount,
};

/// The length of a run, unless the environment sets another.
const SECONDS: u64 = 2;

/// A definition with every kind of op.
fn seed() -> Definition {
    let location = SourceMap::new("f", "l", *b"text")
        .with_state(Local::new("source").unique("s").state())
        .location([Range::new((1, 0), (1, 2))]);
    let image = Image::new("alpine".parse().unwrap())
        .custom_name("image")
        .location(location)
        .state();
    let local = Local::new("context").unique("id").include(["*"]).state();
    let exec = Exec::new(Args::shell("true"))
        .env("A", "1")
        .mount(BindMount::new("/in", &local).readonly())
        .mount(BindMount::new("/out", &State::scratch()))
        .mount(CacheMount::new("/cache", "c"))
        .mount(TmpfsMount::new("/tmp").size(5))
        .mount(SecretFile::new("/s"))
        .mount(SshSocket::new())
        .secret_env(SecretEnv::new("S"))
        .valid_exit_codes([0, 300])
        .progress_group(ProgressGroup::new("g", "group").weak());
    let outputs = image.exec(exec);
    let files = FileActions::new()
        .mkdir(Mkdir::new("/d").owner("app:0"))
        .mkfile(Mkfile::new("/d/f", "text"))
        .symlink(Symlink::new("f", "/d/l"))
        .copy(Copy::new(&local, "/", "/c").exclude(["x"]))
        .rm(Rm::new("/d/f"));
    let written = outputs.mount("/out").unwrap().file(files);
    let git = Git::new("https://example.com/a.git".parse().unwrap()).state();
    let http = Http::new("https://example.com/f").state();
    let diff = Diff::new(&image, &outputs.root()).state();
    let built = Build::new(&git).filename("f").state();
    let merged = Merge::new([written, diff, http, built]).state();
    let head = Passthrough::new("id")
        .output(&merged)
        .dependency(&local)
        .states()
        .pop()
        .unwrap();
    let constraints =
        Constraints::new(Platform::new("linux", "arm64").with_variant("v8")).require_worker("w");
    head.marshal(&constraints).unwrap()
}

/// A small generator of numbers (xorshift), so that a run can be repeated.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// Changes some bytes: flips, overwrites with telling values, inserts, removes, repeats, cuts off.
fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len());
        match numbers.below(7) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][numbers.below(5)],
            2 => bytes.insert(at, u8::try_from(numbers.below(256)).unwrap()),
            3 if !bytes.is_empty() => drop(bytes.remove(at)),
            4 => {
                let end = (at + numbers.below(80)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            5 => bytes.truncate(at),
            _ => {
                let end = (at + numbers.below(20)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
    }
}

/// Changes ops of `definition`, and puts new digests where old ones stood.
fn mutate_ops(definition: &Definition, numbers: &mut Numbers) -> Vec<u8> {
    let mut ops: Vec<Vec<u8>> = definition
        .entries()
        .iter()
        .map(|entry| entry.op_bytes().to_vec())
        .collect();
    let at = numbers.below(ops.len());
    let mut renamed = vec![(OpDigest::of(&ops[at]), at)];
    mutate(&mut ops[at], numbers);
    while let Some((old, at)) = renamed.pop() {
        let new = OpDigest::of(&ops[at]).to_string();
        for (later, op) in ops.iter_mut().enumerate().skip(at + 1) {
            let before = OpDigest::of(op);
            if replace(op, old.to_string().as_bytes(), new.as_bytes()) {
                renamed.push((before, later));
            }
        }
    }
    let mut bytes = Vec::new();
    for op in &ops {
        field(&mut bytes, 1, op);
    }
    for op in &ops {
        let mut entry = Vec::new();
        field(&mut entry, 1, OpDigest::of(op).to_string().as_bytes());
        field(&mut entry, 2, &[]);
        field(&mut bytes, 2, &entry);
    }
    bytes
}

/// Replaces a text by one of the same length. The result says whether it was found.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) -> bool {
    let places: Vec<usize> = bytes
        .windows(old.len())
        .enumerate()
        .filter(|(_, window)| *window == old)
        .map(|(at, _)| at)
        .collect();
    for at in &places {
        bytes[*at..at + new.len()].copy_from_slice(new);
    }
    !places.is_empty()
}

/// A length-delimited protobuf field.
fn field(bytes: &mut Vec<u8>, number: u8, content: &[u8]) {
    bytes.push(number << 3 | 2);
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend_from_slice(content);
}

/// Checks the laws for any bytes. The result says whether they are a definition.
fn check(bytes: &[u8]) -> bool {
    let Ok(definition) = Definition::from_bytes(bytes) else {
        return false;
    };
    let encoded = definition.to_bytes();
    assert_eq!(
        Definition::from_bytes(&encoded).unwrap(),
        definition,
        "what was read can be written and read again"
    );
    serde_json::to_string(&definition).unwrap();
    assert!(
        definition
            .entries()
            .iter()
            .enumerate()
            .all(|(place, entry)| {
                OpDigest::of(entry.op_bytes()) == entry.digest()
                    && entry.inputs().iter().all(|input| input.vertex() < place)
            })
    );
    let again = State::from_definition(&definition)
        .marshal(&Constraints::default())
        .unwrap();
    assert_eq!(again.head(), definition.head());
    true
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a run takes as long as it is told"
)]
fn run_for_a_while(mut one: impl FnMut()) {
    let seconds =
        std::env::var("LLB_FUZZ_SECONDS").map_or(SECONDS, |seconds| seconds.parse().unwrap());
    let start = std::time::Instant::now();
    while start.elapsed().as_secs() < seconds {
        (0..100).for_each(|_| one());
    }
}

#[test]
fn any_bytes_are_refused_or_good() {
    let seed = seed();
    let bytes = seed.to_bytes();
    assert!(check(&bytes));
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut accepted) = (0_u64, 0_u64);
    run_for_a_while(|| {
        let mutated = if numbers.below(2) == 0 {
            mutate_ops(&seed, &mut numbers)
        } else {
            let mut mutated = bytes.clone();
            mutate(&mut mutated, &mut numbers);
            mutated
        };
        tried += 1;
        accepted += u64::from(check(&mutated));
    });
    println!("{tried} definitions, {accepted} of them accepted");
    assert!(
        accepted > 0 && accepted < tried,
        "the mutations reach both ends: {accepted} of {tried}"
    );
}
