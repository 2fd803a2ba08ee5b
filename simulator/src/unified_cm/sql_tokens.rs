use super::refusal::Refusal;

/// What SQL is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a name or a number, in lower case.
    Word(String),
    /// A text in quotes.
    Text(String),
    Symbol(char),
}

/// The tokens of a text, and how far they are read.
#[derive(Debug)]
pub(super) struct Tokens {
    all: Vec<Token>,
    read: usize,
}

impl Tokens {
    pub(super) fn read(sql: &str) -> Result<Self, Refusal> {
        Ok(Self { all: tokens(sql)?, read: 0 })
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let next = self.peek(0).cloned();
        self.read += 1;
        next
    }

    /// The token that comes after so many others.
    pub(super) fn peek(&self, after: usize) -> Option<&Token> {
        self.all.get(self.read + after)
    }

    pub(super) fn word(&mut self) -> Result<String, Refusal> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(Refusal::syntax()),
        }
    }

    pub(super) fn number(&mut self) -> Result<usize, Refusal> {
        self.word()?.parse().map_err(|_| Refusal::syntax())
    }

    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self.peek(0), Some(Token::Word(word)) if word == keyword)
    }

    /// Whether a function of this name comes next.
    pub(super) fn is_function(&self, name: &str) -> bool {
        self.is(name) && self.peek(1) == Some(&Token::Symbol('('))
    }

    pub(super) fn is_symbol(&self, symbol: char) -> bool {
        self.peek(0) == Some(&Token::Symbol(symbol))
    }

    /// Takes the keyword if it comes next.
    pub(super) fn has(&mut self, keyword: &str) -> bool {
        self.is(keyword) && self.next().is_some()
    }

    pub(super) fn must(&mut self, keyword: &str) -> Result<(), Refusal> {
        if self.has(keyword) { Ok(()) } else { Err(Refusal::syntax()) }
    }

    pub(super) fn expects(&mut self, symbol: char) -> Result<(), Refusal> {
        if self.takes(symbol) { Ok(()) } else { Err(Refusal::syntax()) }
    }

    pub(super) fn takes(&mut self, symbol: char) -> bool {
        self.is_symbol(symbol) && self.next().is_some()
    }
}

fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let mut text = String::new();
                loop {
                    match letters.next() {
                        Some(end) if end == letter => match letters.next_if_eq(&letter) {
                            Some(quote) => text.push(quote),
                            None => break,
                        },
                        Some(other) => text.push(other),
                        None => return Err(Refusal::syntax()),
                    }
                }
                tokens.push(Token::Text(text));
            }
            _ if letter.is_whitespace() => {}
            // A number below 0 is never a place of an item or a part of a name, as others may be.
            '-' if letters.peek().is_some_and(char::is_ascii_digit) => {
                let mut number = letter.to_string();
                while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                tokens.push(Token::Text(number));
            }
            _ if letter.is_alphanumeric() || letter == '_' => {
                let mut word = letter.to_lowercase().to_string();
                while let Some(more) = letters.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    word.extend(more.to_lowercase());
                }
                tokens.push(Token::Word(word));
            }
            _ => tokens.push(Token::Symbol(letter)),
        }
    }
    Ok(tokens)
}
