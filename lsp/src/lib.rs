//! The language server: protocol in, `ide` out.
//!
//! A document change is stored before the first `await` of its handler, so that changes apply in
//! the order in which they were sent; every request reads an immutable snapshot. Reading pins and
//! asking the index happen on threads of their own, never on the task that reads and writes
//! messages.
//! The client is never asked anything from inside a handler: with every slot taken by handlers that
//! wait for answers, nobody would read the answers.
//!
//! There is no network code here, and nothing is ever written to standard output but the protocol.

mod backend;
mod capabilities;
pub mod disk;
mod documents;
mod framing;
mod from_proto;
mod handlers;
mod index;
mod locks;
mod nixpkgs;
mod progress;
mod publish;
mod session;
mod settings;
mod state;
mod to_proto;
mod watch;
mod workers;

use std::{
    convert::Infallible,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use model::{PackageSource, SourceError};
pub use nixpkgs::{Nixpkgs, OpenNixpkgs};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
    time,
};
use tower::ServiceExt as _;
use tower_lsp::{
    LspService, Server,
    jsonrpc::{Request, RequestBuilder},
};

/// Opens the version index.
pub type OpenSource = dyn Fn() -> Result<Arc<dyn PackageSource>, SourceError> + Send + Sync;

/// What the server is started with.
#[derive(Clone)]
pub struct Config {
    /// Opens the version index. It is called on a thread of its own, so that starting does not wait
    /// for it, and again later if it failed.
    pub open_source: Arc<OpenSource>,
    /// Gives a clone of nixpkgs, for the one that the settings name.
    pub open_nixpkgs: Arc<OpenNixpkgs>,
    /// The folder of the version index, so that clients can tell of changes in it; `None` if it is in
    /// no folder.
    pub index: Option<PathBuf>,
    /// The folder for copies of files of nixpkgs, which may be deleted at any time; `None` if there
    /// is no such place.
    pub cache: Option<PathBuf>,
    /// The version of the program, as it is told to the client.
    pub version: String,
    /// Gives memory that nobody uses back to the system. It is called when the client has asked for
    /// nothing for some seconds.
    pub give_back: fn(),
}

/// How many messages are worked on at once. Each waiting request takes a slot, also the
/// notification that would cancel it, so that few slots mean that a few slow requests stop
/// everything.
const CONCURRENCY: usize = 256;

/// How much may wait between the reading of messages and their handling, in bytes.
const PIPE: usize = 1 << 16;

/// How long the client asks for nothing before memory is given back. By then the threads that
/// answered have ended.
const REST: Duration = Duration::from_secs(3);

/// Serves one client on standard input and output until it says `exit` or closes the pipe.
///
/// Returns the exit code that the protocol asks for: 0 after a `shutdown` request, else 1.
///
/// # Errors
/// If the system gives no threads.
pub fn run(config: Config) -> std::io::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(16)
        .enable_time()
        .build()?;
    let code = runtime.block_on(serve(config, tokio::io::stdin(), tokio::io::stdout()));
    // Reading standard input cannot be interrupted; it must not keep the process.
    runtime.shutdown_background();
    Ok(code)
}

/// Serves one client on any pair of streams; see [`run`].
pub async fn serve<I, O>(config: Config, input: I, output: O) -> u8
where
    I: AsyncRead + Unpin,
    O: AsyncWrite,
{
    let give_back = config.give_back;
    let (service, socket) = LspService::build(|client| backend::Backend::new(client, config))
        .custom_method(framing::MALFORMED, backend::Backend::malformed)
        .custom_method(handlers::completion::OWN_METHOD, backend::Backend::completion)
        .custom_method(handlers::definition::SOURCE, backend::Backend::source)
        .custom_method("window/workDoneProgress/cancel", backend::Backend::cancel_work)
        .finish();
    // `exit` cancels what is waiting, the `shutdown` before it too; so its arrival counts, not its
    // handler.
    let shutdown_seen = Arc::new(AtomicBool::new(false));
    let seen = shutdown_seen.clone();
    let service = service.map_request(move |request: Request| {
        if request.method() == "shutdown" {
            seen.store(true, SeqCst);
        }
        to_own_handler(request)
    });
    let (messages, checked) = tokio::io::duplex(PIPE);
    let heard = Notify::new();
    let read = framing::copy_messages(input, messages, &heard);
    let serve = Server::new(checked, output, socket).concurrency_level(CONCURRENCY).serve(service);
    tokio::pin!(serve);
    tokio::select! {
        () = &mut serve => {}
        // The end of the input ends the pipe, and that ends the server when its work is done.
        () = read => serve.await,
        never = rest(&heard, give_back) => match never {},
    }
    u8::from(!shutdown_seen.load(SeqCst))
}

/// Gives memory back each time that the client has gone quiet.
async fn rest(heard: &Notify, give_back: fn()) -> Infallible {
    loop {
        heard.notified().await;
        while time::timeout(REST, heard.notified()).await.is_ok() {}
        give_back();
    }
}

/// Gives a request for completions the name under which they are answered.
fn to_own_handler(request: Request) -> Request {
    use handlers::completion::{METHOD, OWN_METHOD};
    if request.method() != METHOD {
        return request;
    }
    let (_, id, params) = request.into_parts();
    let own = Request::build(OWN_METHOD).params(params.unwrap_or_default());
    id.into_iter().fold(own, RequestBuilder::id).finish()
}
