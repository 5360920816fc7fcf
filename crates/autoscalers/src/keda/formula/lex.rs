//! Words of a formula.

use super::FormulaError;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Name(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 25] = [
    "**", "==", "!=", "<=", ">=", "&&", "||", "??", "+", "-", "*", "/", "%", "^", "<", ">", "!",
    "?", ":", "(", ")", "[", "]", "{", "}",
];

pub(super) fn tokens(source: &str) -> Result<Vec<Token>, FormulaError> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let number = rest[..length].replace('_', "");
            let number = number
                .parse()
                .map_err(|_| FormulaError::new(format!("`{number}` is no number")))?;
            tokens.push(Token::Number(number));
            length
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let end = |c: char| !(c.is_alphanumeric() || c == '_' || c == '$');
            let length = rest.find(end).unwrap_or(rest.len());
            tokens.push(word(&rest[..length]));
            length
        } else if let Some(sign) = SIGNS
            .iter()
            .chain(&[",", "#"])
            .find(|it| rest.starts_with(**it))
        {
            tokens.push(Token::Sign(sign));
            sign.len()
        } else {
            return Err(FormulaError::new(format!("`{first}` is not expected here")));
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn word(text: &str) -> Token {
    match text {
        "and" => Token::Sign("&&"),
        "or" => Token::Sign("||"),
        "not" => Token::Sign("!"),
        name => Token::Name(name.to_owned()),
    }
}

/// Digits, a point, and an exponent with its sign.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let is_exponent_sign =
            matches!(bytes[end], b'+' | b'-') && matches!(bytes[end - 1], b'e' | b'E');
        let belongs = bytes[end].is_ascii_digit()
            || matches!(bytes[end], b'.' | b'_')
            || (end > 0 && (matches!(bytes[end], b'e' | b'E') || is_exponent_sign));
        if !belongs {
            break;
        }
        end += 1;
    }
    end
}
