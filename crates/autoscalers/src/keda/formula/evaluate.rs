//! The value of a tree.

use super::parse::Expr;
use super::{FormulaError, Operand};
use flashcrowd_units::math;
use std::collections::BTreeMap;
use std::sync::Arc;

type Names = BTreeMap<Arc<str>, Operand>;

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Nil,
    Bool(bool),
    Number(f64),
    List(Vec<Value>),
}

impl Value {
    fn number(&self) -> Result<f64, FormulaError> {
        match self {
            Self::Number(number) => Ok(*number),
            other => Err(other.is_not("a number")),
        }
    }

    fn truth(&self) -> Result<bool, FormulaError> {
        match self {
            Self::Bool(truth) => Ok(*truth),
            other => Err(other.is_not("true or false")),
        }
    }

    fn is_not(&self, wanted: &str) -> FormulaError {
        let found = match self {
            Self::Nil => "nil",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
        };
        FormulaError::new(format!("{found} stands where {wanted} is needed"))
    }
}

/// The value of a whole formula.
pub(super) fn number(
    root: &Expr,
    names: &Names,
    may_be_nil: bool,
) -> Result<Option<f64>, FormulaError> {
    let scope = Scope {
        names,
        element: None,
    };
    match scope.value(root)? {
        Value::Nil if may_be_nil => Ok(None),
        value => value.number().map(Some),
    }
}

/// What names mean.
#[derive(Clone, Copy)]
struct Scope<'a> {
    names: &'a Names,
    element: Option<&'a Value>,
}

impl Scope<'_> {
    fn value(self, expr: &Expr) -> Result<Value, FormulaError> {
        Ok(match expr {
            Expr::Nil => Value::Nil,
            Expr::Bool(truth) => Value::Bool(*truth),
            Expr::Number(number) => Value::Number(*number),
            Expr::Name(name) => match self.names.get(name.as_str()) {
                Some(Operand::Number(number)) => Value::Number(*number),
                Some(Operand::Nil) | None => Value::Nil,
            },
            Expr::Element => self
                .element
                .cloned()
                .ok_or_else(|| FormulaError::new("`#` stands outside of a condition"))?,
            Expr::List(items) => Value::List(self.values(items)?),
            Expr::Negate(inner) => Value::Number(-self.value(inner)?.number()?),
            Expr::Not(inner) => Value::Bool(!self.value(inner)?.truth()?),
            Expr::Binary(sign, left, right) => self.binary(sign, left, right)?,
            Expr::Choose(condition, yes, no) => {
                let chosen = if self.value(condition)?.truth()? {
                    yes
                } else {
                    no
                };
                self.value(chosen)?
            }
            Expr::Call(name, arguments) => self.call(name, arguments)?,
        })
    }

    fn values(self, items: &[Expr]) -> Result<Vec<Value>, FormulaError> {
        items.iter().map(|item| self.value(item)).collect()
    }

    fn binary(self, sign: &str, left: &Expr, right: &Expr) -> Result<Value, FormulaError> {
        let left = self.value(left)?;
        match sign {
            "??" => {
                return match left {
                    Value::Nil => self.value(right),
                    left => Ok(left),
                };
            }
            "&&" => return Ok(Value::Bool(left.truth()? && self.value(right)?.truth()?)),
            "||" => return Ok(Value::Bool(left.truth()? || self.value(right)?.truth()?)),
            _ => {}
        }
        let right = self.value(right)?;
        match sign {
            "==" => return Ok(Value::Bool(left == right)),
            "!=" => return Ok(Value::Bool(left != right)),
            _ => {}
        }
        let (a, b) = (left.number()?, right.number()?);
        Ok(match sign {
            "<" => Value::Bool(a < b),
            ">" => Value::Bool(a > b),
            "<=" => Value::Bool(a <= b),
            ">=" => Value::Bool(a >= b),
            "+" => Value::Number(a + b),
            "-" => Value::Number(a - b),
            "*" => Value::Number(a * b),
            "/" => Value::Number(a / b),
            "%" => Value::Number(a % b),
            _ => Value::Number(math::pow(a, b)),
        })
    }

    fn call(self, name: &str, arguments: &[Expr]) -> Result<Value, FormulaError> {
        if let "count" | "all" | "any" | "one" | "none" | "filter" | "map" = name {
            return self.call_with_condition(name, arguments);
        }
        let values = self.values(arguments)?;
        if let "min" | "max" | "sum" | "mean" | "median" = name {
            return statistic(name, &values).map(Value::Number);
        }
        let [value] = values.as_slice() else {
            return Err(FormulaError::new(format!(
                "`{name}` is not known, or does not take {} arguments",
                values.len()
            )));
        };
        if let ("len", Value::List(items)) = (name, value) {
            return Ok(Value::Number(items.len() as f64));
        }
        let number = value.number()?;
        Ok(Value::Number(match name {
            "abs" => number.abs(),
            "ceil" => number.ceil(),
            "floor" => number.floor(),
            "round" => number.round(),
            "int" => number.trunc(),
            "float" => number,
            _ => return Err(FormulaError::new(format!("`{name}` is not known"))),
        }))
    }

    fn call_with_condition(self, name: &str, arguments: &[Expr]) -> Result<Value, FormulaError> {
        let (list, condition) = match arguments {
            [list, condition] => (list, condition),
            [list] if name == "count" => (list, &Expr::Element),
            _ => {
                return Err(FormulaError::new(format!(
                    "`{name}` takes a list and a condition"
                )));
            }
        };
        let list = match self.value(list)? {
            Value::List(items) => items,
            other => return Err(other.is_not("a list")),
        };
        let results: Vec<Value> = list
            .iter()
            .map(|element| {
                let scope = Scope {
                    element: Some(element),
                    ..self
                };
                scope.value(condition)
            })
            .collect::<Result<_, _>>()?;
        if name == "map" {
            return Ok(Value::List(results));
        }
        let truths: Vec<bool> = results.iter().map(Value::truth).collect::<Result<_, _>>()?;
        let count = truths.iter().filter(|&&it| it).count();
        Ok(match name {
            "count" => Value::Number(count as f64),
            "all" => Value::Bool(count == truths.len()),
            "any" => Value::Bool(count > 0),
            "one" => Value::Bool(count == 1),
            "none" => Value::Bool(count == 0),
            _ => {
                let kept = list.into_iter().zip(truths).filter(|(_, kept)| *kept);
                Value::List(kept.map(|(value, _)| value).collect())
            }
        })
    }
}

/// `min`, `max`, `sum`, `mean` and `median` of numbers and lists of numbers.
fn statistic(name: &str, values: &[Value]) -> Result<f64, FormulaError> {
    let mut numbers = Vec::new();
    for value in values {
        match value {
            Value::List(items) => {
                for item in items {
                    numbers.push(item.number()?);
                }
            }
            value => numbers.push(value.number()?),
        }
    }
    let sum = numbers.iter().sum::<f64>();
    let Some(&first) = numbers.first() else {
        return match name {
            "sum" | "mean" | "median" => Ok(0.0),
            _ => Err(FormulaError::new(format!(
                "`{name}` has nothing to look at"
            ))),
        };
    };
    Ok(match name {
        "min" => numbers.iter().copied().fold(first, f64::min),
        "max" => numbers.iter().copied().fold(first, f64::max),
        "sum" => sum,
        "mean" => sum / numbers.len() as f64,
        _ => {
            numbers.sort_by(f64::total_cmp);
            let middle = numbers.len() / 2;
            if numbers.len().is_multiple_of(2) {
                f64::midpoint(numbers[middle - 1], numbers[middle])
            } else {
                numbers[middle]
            }
        }
    })
}
