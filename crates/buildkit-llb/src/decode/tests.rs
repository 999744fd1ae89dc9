//! Definitions that are refused, and the reasons.

use prost::Message as _;

use super::*;
use crate::{Args, Constraints, Exec, Image, Local, Merge, Platform, Range, SourceMap, State};

/// Two sources, an exec on one of them, a merge of both; with a source file and a location.
fn sample() -> Definition {
    let location = SourceMap::new("f", "l", *b"d").location([Range::new((1, 0), (1, 2))]);
    let image = Image::new("alpine".parse().unwrap())
        .location(location)
        .state();
    let run = image.run(Exec::new(Args::shell("true")));
    let merged: State = Merge::new([run, Local::new("context").unique("id").state()]).state();
    merged
        .marshal(&Constraints::new(Platform::new("linux", "amd64")))
        .unwrap()
}

/// The result of decoding the sample after `change`.
fn refusal(change: impl FnOnce(&mut pb::Definition)) -> Option<DecodeError> {
    let mut message = pb::Definition::decode(&*sample().to_bytes()).unwrap();
    change(&mut message);
    Definition::from_bytes(&message.encode_to_vec()).err()
}

/// Changes an op, and replaces its digest everywhere, as if it had always been so.
fn with_op(index: usize, change: impl FnOnce(&mut pb::Op)) -> Option<DecodeError> {
    refusal(|message| {
        let mut op = pb::Op::decode(&*message.def[index]).unwrap();
        change(&mut op);
        replace(message, index, op.encode_to_vec());
    })
}

fn replace(message: &mut pb::Definition, index: usize, bytes: Vec<u8>) {
    let old = OpDigest::of(&message.def[index]).to_string();
    let new = OpDigest::of(&bytes).to_string();
    message.def[index] = bytes;
    let metadata = message.metadata.remove(&old).unwrap();
    message.metadata.insert(new.clone(), metadata);
    let source = message.source.as_mut().unwrap();
    if let Some(locations) = source.locations.remove(&old) {
        source.locations.insert(new.clone(), locations);
    }
    for later in index + 1..message.def.len() {
        let mut op = pb::Op::decode(&*message.def[later]).unwrap();
        if op.inputs.iter().any(|input| input.digest == old) {
            op.inputs
                .iter_mut()
                .filter(|input| input.digest == old)
                .for_each(|input| input.digest.clone_from(&new));
            replace(message, later, op.encode_to_vec());
        }
    }
}

#[test]
fn the_sample_is_accepted() {
    assert_eq!(refusal(|_| {}), None);
    assert_eq!(with_op(1, |_| {}), None);
    assert_eq!(
        Definition::from_bytes(&sample().to_bytes()).unwrap(),
        sample()
    );
    assert!(
        Definition::from_bytes(&[]).unwrap().is_empty(),
        "no bytes are scratch"
    );
}

#[test]
fn cut_off_bytes_are_refused() {
    let definition = sample();
    let bytes = definition.to_bytes();
    for length in 1..bytes.len() {
        if let Ok(shorter) = Definition::from_bytes(&bytes[..length]) {
            // The source information is optional and comes last: without all of it, the rest is a definition.
            assert!(shorter.source_files().is_empty(), "{length}");
            assert_eq!(shorter.head(), definition.head(), "{length}");
        }
    }
}

#[test]
fn garbage_is_refused() {
    assert!(matches!(
        Definition::from_bytes(b"FROM alpine\n"),
        Err(DecodeError::Malformed(_))
    ));
    assert!(matches!(
        refusal(|m| m.def[1] = vec![0xff]),
        Some(DecodeError::MalformedOp { index: 1, .. })
    ));
    assert!(matches!(
        with_op(1, |op| op.op = None),
        Some(DecodeError::NoOp { .. })
    ));
}

#[test]
fn every_definition_ends_in_a_terminal() {
    let drop_terminal = |message: &mut pb::Definition| {
        let terminal = message.def.pop().unwrap();
        message
            .metadata
            .remove(&OpDigest::of(&terminal).to_string());
    };
    assert_eq!(refusal(drop_terminal), Some(DecodeError::NoTerminal));
    assert_eq!(
        with_op(4, |op| op.inputs.clear()),
        Some(DecodeError::NoTerminal)
    );
    assert_eq!(
        with_op(4, |op| op.inputs.push(op.inputs[0].clone())),
        Some(DecodeError::NoTerminal)
    );
}

#[test]
fn inputs_stand_before_their_readers() {
    let unknown =
        |error: Option<DecodeError>| matches!(error, Some(DecodeError::UnknownInput { .. }));
    assert!(
        unknown(refusal(|message| message.def.swap(0, 1))),
        "out of order, as in a cycle"
    );
    assert!(
        unknown(with_op(1, |op| op.inputs[0].digest =
            OpDigest::of(b"nothing").to_string())),
        "missing"
    );
    assert!(
        unknown(with_op(1, |op| op.inputs[0].digest = "sha256:12".to_owned())),
        "malformed"
    );
    let missing_vertex = |message: &mut pb::Definition| {
        let op = message.def.remove(0);
        message.metadata.remove(&OpDigest::of(&op).to_string());
    };
    assert!(unknown(refusal(missing_vertex)));
}

#[test]
fn numbers_are_in_range() {
    for output in [-1, i64::from(u32::MAX) + 1, i64::MIN] {
        let refused = with_op(1, |op| op.inputs[0].index = output);
        assert!(
            matches!(refused, Some(DecodeError::InvalidOutput { output: named, .. }) if named == output)
        );
    }
    for input in [1, -2, i64::MAX] {
        let refused = with_op(1, |op| match &mut op.op {
            Some(pb::op::Op::Exec(exec)) => exec.mounts[0].input = input,
            _ => panic!("it is the exec"),
        });
        assert!(
            matches!(refused, Some(DecodeError::InputOutOfRange { input: named, count: 1, .. }) if named == input)
        );
    }
}

#[test]
fn what_is_said_is_said_of_vertices() {
    let unknown = Some(DecodeError::UnknownVertex {
        digest: "sha256:00".to_owned(),
    });
    let metadata = |message: &mut pb::Definition| {
        message
            .metadata
            .insert("sha256:00".to_owned(), pb::OpMetadata::default());
    };
    assert_eq!(refusal(metadata), unknown);
    let location = |message: &mut pb::Definition| {
        message
            .source
            .as_mut()
            .unwrap()
            .locations
            .insert("sha256:00".to_owned(), pb::Locations::default());
    };
    assert_eq!(refusal(location), unknown);
    let forget = refusal(|message| {
        message.metadata.pop_first();
    });
    assert!(matches!(forget, Some(DecodeError::NoMetadata { .. })));
    let no_file = refusal(|message| message.source.as_mut().unwrap().infos.clear());
    assert!(matches!(
        no_file,
        Some(DecodeError::UnknownSourceFile {
            index: 0,
            count: 0,
            ..
        })
    ));
    let twice = refusal(|message| message.def.insert(1, message.def[0].clone()));
    assert!(matches!(
        twice,
        Some(DecodeError::NoMetadata { .. } | DecodeError::Duplicate { .. })
    ));
}

#[test]
fn a_lenient_reader_needs_no_metadata_and_all_the_rest() {
    let mut message = pb::Definition::decode(&*sample().to_bytes()).unwrap();
    message.metadata.clear();
    let bytes = message.encode_to_vec();
    let refused = Definition::from_bytes(&bytes).err();
    assert!(matches!(refused, Some(DecodeError::NoMetadata { .. })));
    let read = Definition::from_bytes_lenient(&bytes).unwrap();
    let digests = |definition: &Definition| -> Vec<OpDigest> {
        definition.entries().iter().map(Entry::digest).collect()
    };
    assert_eq!(digests(&read), digests(&sample()));
    assert!(
        read.vertices()
            .all(|vertex| vertex.metadata().caps().is_empty())
    );
    assert_eq!(Definition::from_bytes(&read.to_bytes()).unwrap(), read);

    let whole = sample().to_bytes();
    assert_eq!(Definition::from_bytes_lenient(&whole).unwrap(), sample());
    message.def.remove(0);
    let refused = Definition::from_bytes_lenient(&message.encode_to_vec()).err();
    assert!(matches!(refused, Some(DecodeError::UnknownInput { .. })));
}
