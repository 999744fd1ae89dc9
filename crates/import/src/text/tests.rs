//! How texts are written in each class.

use super::*;

fn text(bits: &[Bit]) -> Text {
    let mut text = Text::default();
    for bit in bits {
        text.push(bit.clone());
    }
    text
}

fn literal(text: &str) -> Bit {
    Bit::Literal(text.to_owned())
}

fn tree(name: &str, form: TreeForm) -> Bit {
    let name = name.to_owned();
    Bit::Tree { name, form }
}

#[test]
fn each_class_says_a_text_in_its_way() {
    let check = |bits: &[Bit], template: &str, tree: &str| {
        assert_eq!(text(bits).template(), template);
        assert_eq!(text(bits).tree_text(), tree);
    };
    let version = Bit::Catalog("version".to_owned());
    check(&[literal("a{b}")], "a{{b}}", "a{{b}}");
    check(&[literal("$x")], "$x", "$$x");
    check(&[literal("v"), version], "v{version}", "v{version}");
    check(&[Bit::Build("arch")], "amd64", "amd64");
    let path = tree("PATH", TreeForm::Value);
    let check = |bits: &[Bit], tree: &str| assert_eq!(text(bits).tree_text(), tree);
    check(&[literal("/b:"), path.clone()], "/b:$PATH");
    check(&[path.clone(), literal(":/b")], "$PATH:/b");
    check(&[path.clone(), literal("b")], "${PATH}b");
    check(&[path.clone(), path], "$PATH$PATH");
    let or = TreeForm::Or(Text::literal("w$"));
    check(&[tree("A", or)], "${A:-w$$}");
    check(&[tree("A", TreeForm::If(Text::literal("w")))], "${A:+w}");
}

#[test]
fn scripts_are_verbatim_but_for_what_means_something() {
    let names = BTreeSet::from(["arch".to_owned()]);
    let check = |script: &str, expected: &str| {
        assert_eq!(
            Script::literal(script).written(&names),
            expected,
            "{script}"
        );
    };
    check("echo {arch}", "echo ${{ open-brace }}arch}");
    check("echo ${arch} {{arch}} {a}", "echo ${arch} {{arch}} {a}");
    check("echo {arch|slug}", "echo ${{ open-brace }}arch|slug}");
    check("echo ${{ x }}", "echo $${{ x }}");
    check("awk '{print}'", "awk '{print}'");
    let script = Script(Text::literal("a ").and(&Text::catalog("arch")));
    assert_eq!(script.written(&names), "a ${{ arch }}");
}
