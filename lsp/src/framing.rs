//! The messages of a stream, with those that are none taken out.
//!
//! The protocol library stops reading for good at the first message that is no JSON or no message,
//! and waits for ever behind an empty one. So the stream is read here first, and such a message is
//! replaced by a request of our own, whose answer is the error that it deserves.

use serde::Deserialize;
use serde_json::json;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite,
    AsyncWriteExt as _, BufReader,
};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::{self, Request, Response};

/// The method that stands in for a message that is none.
pub(crate) const MALFORMED: &str = "$/nix-archiver/malformed";

/// How long a line of a header may be.
const HEADER_LINE: u64 = 4096;

/// What is wrong with a message.
#[derive(Debug, Deserialize)]
pub(crate) struct Malformed {
    code: i64,
    message: String,
}

impl Malformed {
    /// The error that answers it.
    pub fn into_error(self) -> jsonrpc::Error {
        jsonrpc::Error { code: self.code.into(), message: self.message.into(), data: None }
    }
}

/// Copies messages until the input ends or the output is closed; `heard` is told of each.
pub(crate) async fn copy_messages<I, O>(input: I, mut output: O, heard: &Notify)
where
    I: AsyncRead + Unpin,
    O: AsyncWrite + Unpin,
{
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut body = Vec::new();
    while let Some(length) = read_header(&mut input).await {
        heard.notify_one();
        body.clear();
        let read = (&mut input).take(length).read_to_end(&mut body).await;
        if read.ok().and_then(|read| u64::try_from(read).ok()) != Some(length) {
            return;
        }
        if let Err((code, message)) = check(&body) {
            tracing::warn!("a message of the client is not understood: {message}");
            let params = json!({ "code": code, "message": message });
            let stand_in =
                json!({ "jsonrpc": "2.0", "id": null, "method": MALFORMED, "params": params });
            body = stand_in.to_string().into_bytes();
        }
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        if output.write_all(header.as_bytes()).await.is_err()
            || output.write_all(&body).await.is_err()
        {
            return;
        }
    }
}

/// The length of the next message, or `None` at the end of the input. Lines that are no header are
/// passed over.
async fn read_header(input: &mut (impl AsyncBufRead + Unpin)) -> Option<u64> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.take(HEADER_LINE).read_until(b'\n', &mut line).await;
        if read.ok()? == 0 {
            return None;
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            match length {
                Some(length) => return Some(length),
                None => continue,
            }
        }
        let field = text.iter().position(|b| *b == b':').map(|colon| text.split_at(colon));
        if let Some((name, value)) = field
            && name.trim_ascii().eq_ignore_ascii_case(b"content-length")
        {
            let value = std::str::from_utf8(&value[1..]).ok();
            length = value.and_then(|value| value.trim().parse().ok());
        }
    }
}

/// Whether a text is a message, as the library reads them; else the code and words of the error.
fn check(body: &[u8]) -> Result<(), (i64, String)> {
    let Err(error) = serde_json::from_slice::<Request>(body) else { return Ok(()) };
    if serde_json::from_slice::<Response>(body).is_ok() {
        return Ok(());
    }
    let no_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err();
    let code = if no_json {
        jsonrpc::ErrorCode::ParseError.code()
    } else {
        jsonrpc::ErrorCode::InvalidRequest.code()
    };
    Err((code, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn passed(input: &str) -> String {
        let mut output = Vec::new();
        copy_messages(input.as_bytes(), &mut output, &Notify::new()).await;
        String::from_utf8(output).expect("text stays text")
    }

    fn framed(text: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{text}", text.len())
    }

    const GOOD: &str = r#"{"jsonrpc":"2.0","method":"a"}"#;

    #[tokio::test]
    async fn messages_pass_as_they_are() {
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":null}"#;
        let input = framed(GOOD) + &framed(answer);
        assert_eq!(passed(&input).await, input);
    }

    #[tokio::test]
    async fn what_is_no_message_is_replaced() {
        for (body, code) in
            [("{ no json", -32700), ("", -32700), ("[]", -32600), ("{}", -32600), ("1", -32600)]
        {
            let output = passed(&(framed(body) + &framed(GOOD))).await;
            assert!(output.contains(&format!("\"code\":{code}")), "{body}: {output}");
            assert!(output.ends_with(&framed(GOOD)), "{body}: {output}");
        }
    }

    #[tokio::test]
    async fn odd_headers_do_no_harm() {
        let length = GOOD.len();
        for header in [
            format!("content-length:{length}\n\n"),
            format!("Content-Type: x; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"),
            format!("garbage\r\n\r\n\r\nContent-Length: {length}\r\n\r\n"),
            format!("Content-Length: x\r\n\r\nContent-Length: {length}\r\n\r\n"),
            format!("{}\nContent-Length: {length}\r\n\r\n", "x".repeat(10_000)),
        ] {
            assert_eq!(passed(&format!("{header}{GOOD}")).await, framed(GOOD), "{header}");
        }
        assert_eq!(passed("Content-Length: 99999999999\r\n\r\n{}").await, "");
        assert_eq!(passed("Content-Length: 10").await, "");
    }
}
