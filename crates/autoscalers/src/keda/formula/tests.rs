//! Against the language definition of expr and the examples of KEDA's documentation.

use super::*;

fn evaluate(source: &str, names: &[(&str, f64)]) -> Result<Option<f64>, FormulaError> {
    let names = names
        .iter()
        .map(|&(name, value)| (name.into(), Operand::Number(value)))
        .collect();
    Formula::parse(source)?.evaluate(&names)
}

fn value(source: &str) -> f64 {
    let names = [("a", 5.0), ("b", 3.0)];
    evaluate(source, &names)
        .unwrap_or_else(|error| panic!("{source}: {error}"))
        .unwrap_or_else(|| panic!("{source} is nil"))
}

#[test]
fn operators_bind_as_in_expr() {
    assert_eq!(value("a + b * 2"), 11.0);
    assert_eq!(value("(a + b) * 2"), 16.0);
    assert_eq!(value("a - b - 1"), 1.0);
    assert_eq!(value("2 ** 3 ** 2"), 512.0);
    assert_eq!(value("-2 ^ 2"), -4.0);
    assert_eq!(value("7 % 4 / 2"), 1.5);
    assert_eq!(value("1.5e1 + .5"), 15.5);
}

#[test]
fn conditions_choose() {
    assert_eq!(value("a > 10 ? a : b"), 3.0);
    assert_eq!(value("b > 2 && a > 1 ? 12 : 0"), 12.0);
    assert_eq!(value("not (a == 5) or b <= 2 ? 1 : a > 4 ? 2 : 3"), 2.0);
}

#[test]
fn functions_take_lists_and_conditions() {
    assert_eq!(value("max(a, b) * 2"), 10.0);
    assert_eq!(value("count([a, b, 1], {# > 1}) > 1 ? 5 : 0"), 5.0);
    assert_eq!(value("sum([a, b]) / len([a, b])"), 4.0);
    assert_eq!(value("median(filter([9, a, b, 1], # > 1))"), 5.0);
    assert_eq!(value("any([a, b], # > 4) ? ceil(2.1) : floor(2.9)"), 3.0);
}

#[test]
fn nil_gives_way_only_to_the_double_question_mark() {
    let nothing = |source| evaluate(source, &[]);
    assert_eq!(nothing("(a ?? 3) + 1"), Ok(Some(4.0)));
    assert_eq!(nothing("a ?? b"), Ok(None));
    assert!(nothing("a + 1").is_err());
    assert!(nothing("a").is_err());
    assert!(nothing("(a ?? b) + 1").is_err());
}

#[test]
fn what_is_no_formula_is_refused() {
    for source in [
        "",
        "a +",
        "(a",
        "a b",
        "a ?? 3 + 1",
        "a ? b",
        "min(a,",
        "a @ b",
        "1.2.3",
    ] {
        assert!(Formula::parse(source).is_err(), "{source}");
    }
    assert!(Formula::parse(&"(".repeat(10_000)).is_err());
    assert!(Formula::parse(&"-".repeat(10_000)).is_err());
    assert!(evaluate("a > b", &[("a", 1.0), ("b", 2.0)]).is_err());
    assert!(evaluate("unknown(a)", &[("a", 1.0)]).is_err());
}
