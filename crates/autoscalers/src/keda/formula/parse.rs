//! From words to a tree.

use super::FormulaError;
use super::lex::{Token, tokens};

/// How deep a formula may be nested.
const MAX_DEPTH: usize = 64;

/// One node.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Nil,
    Bool(bool),
    Number(f64),
    Name(String),
    /// `#`, the element that a condition is about.
    Element,
    List(Vec<Expr>),
    Negate(Box<Expr>),
    Not(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
}

pub(super) fn parse(source: &str) -> Result<Expr, FormulaError> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        next: 0,
        depth: 0,
    };
    let root = parser.ternary()?;
    match parser.peek() {
        None => Ok(root),
        Some(token) => Err(unexpected(token)),
    }
}

/// How strongly an operator binds, and whether to the right.
fn binding(sign: &str) -> Option<(u32, bool)> {
    Some(match sign {
        "||" => (10, false),
        "&&" => (15, false),
        "==" | "!=" | "<" | ">" | "<=" | ">=" => (20, false),
        "+" | "-" => (30, false),
        "*" | "/" | "%" => (60, false),
        "**" | "^" => (100, true),
        "??" => (500, false),
        _ => return None,
    })
}

/// How strongly `!`, and the sign of a number, bind.
const NOT: u32 = 50;
const SIGN: u32 = 90;

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    /// The next word, if it is this sign.
    fn takes(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(it)) if *it == sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), FormulaError> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => unexpected(token),
            None => FormulaError::new(format!("`{sign}` is missing at the end")),
        })
    }

    fn ternary(&mut self) -> Result<Expr, FormulaError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FormulaError::new("it is nested too deeply"));
        }
        let mut expr = self.binary(0)?;
        while self.takes("?") {
            let yes = if self.takes(":") {
                expr.clone()
            } else {
                let yes = self.ternary()?;
                self.expect(":")?;
                yes
            };
            let no = self.ternary()?;
            expr = Expr::Choose(Box::new(expr), Box::new(yes), Box::new(no));
        }
        self.depth -= 1;
        Ok(expr)
    }

    /// Operators that bind at least so strongly.
    fn binary(&mut self, least: u32) -> Result<Expr, FormulaError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FormulaError::new("it is nested too deeply"));
        }
        let mut left = self.unary()?;
        let mut previous = None;
        while let Some(&Token::Sign(sign)) = self.peek() {
            let Some((strength, to_the_right)) = binding(sign).filter(|it| it.0 >= least) else {
                break;
            };
            if previous.is_some_and(|it| (it == "??") != (sign == "??")) {
                return Err(FormulaError::new(
                    "`??` and other operators are mixed: put one of them in parentheses",
                ));
            }
            self.next += 1;
            let right = self.binary(if to_the_right { strength } else { strength + 1 })?;
            left = Expr::Binary(sign, Box::new(left), Box::new(right));
            previous = Some(sign);
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, FormulaError> {
        if self.takes("!") {
            return Ok(Expr::Not(Box::new(self.binary(NOT)?)));
        }
        if self.takes("-") {
            return Ok(Expr::Negate(Box::new(self.binary(SIGN)?)));
        }
        if self.takes("+") {
            return self.binary(SIGN);
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expr, FormulaError> {
        let Some(token) = self.peek().cloned() else {
            return Err(FormulaError::new("it ends too early"));
        };
        self.next += 1;
        match token {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Sign("(") => {
                let inner = self.ternary()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Sign("[") => Ok(Expr::List(self.items("]")?)),
            Token::Sign("#") => Ok(Expr::Element),
            Token::Name(name) => match name.as_str() {
                "nil" => Ok(Expr::Nil),
                "true" => Ok(Expr::Bool(true)),
                "false" => Ok(Expr::Bool(false)),
                _ if self.takes("(") => Ok(Expr::Call(name, self.items(")")?)),
                _ => Ok(Expr::Name(name)),
            },
            token @ Token::Sign(_) => Err(unexpected(&token)),
        }
    }

    /// Items up to a closing bracket. A condition may stand in braces.
    fn items(&mut self, close: &str) -> Result<Vec<Expr>, FormulaError> {
        let mut items = Vec::new();
        while !self.takes(close) {
            if !items.is_empty() {
                self.expect(",")?;
            }
            if self.takes("{") {
                items.push(self.ternary()?);
                self.expect("}")?;
            } else {
                items.push(self.ternary()?);
            }
        }
        Ok(items)
    }
}

fn unexpected(token: &Token) -> FormulaError {
    FormulaError::new(match token {
        Token::Number(number) => format!("`{number}` is not expected here"),
        Token::Name(name) => format!("`{name}` is not expected here"),
        Token::Sign(sign) => format!("`{sign}` is not expected here"),
    })
}
