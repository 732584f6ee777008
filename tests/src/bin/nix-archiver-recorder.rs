//! Stands between an editor and the language server and writes down what they say (see
//! [`nix_archiver_tests::transcript`]). It is called as the server would be. `nix-archiver.real` in the
//! folder that `NIX_ARCHIVER_RECORDER` names, or else in its own, is the program; a file for each
//! session is left in the folder `records` there. What is not the server is passed on to the program.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader, Write},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use nix_archiver_tests::{
    lsp_client::{read_message, write_message},
    transcript::{Line, Writer},
};

struct Record {
    writer: Writer,
    file: File,
}

impl Record {
    fn note(&mut self, line: Option<Line>) {
        if let Some(line) = line {
            // A session that cannot be written down is still a session.
            let _ = writeln!(self.file, "{}", line.to_json());
        }
    }
}

fn main() -> io::Result<()> {
    let own = fs::canonicalize(env::current_exe()?)?;
    let folder = env::var_os("NIX_ARCHIVER_RECORDER").map(PathBuf::from);
    let folder = folder.or_else(|| own.parent().map(Path::to_owned)).unwrap_or_default();
    let real = folder.join("nix-archiver.real");
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let mut command = Command::new(&real);
    command.args(&arguments);
    if arguments.first().is_none_or(|first| first != "lsp") {
        return Err(command.exec());
    }
    let records = folder.join("records");
    fs::create_dir_all(&records)?;
    let file = File::create(records.join(format!("{}.jsonl", process::id())))?;
    let record = Arc::new(Mutex::new(Record { writer: Writer::default(), file }));
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut to_server = server.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut from_server = BufReader::new(server.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
    let noted = record.clone();
    thread::spawn(move || {
        let mut input = BufReader::new(io::stdin());
        while let Some(message) = read_message(&mut input) {
            let mut record = noted.lock().unwrap_or_else(PoisonError::into_inner);
            let line = record.writer.client(&message);
            record.note(Some(line));
            drop(record);
            if write_message(&mut to_server, &message.to_string()).is_err() {
                return;
            }
        }
        // The end of the input ends the server, by the end of its own.
    });
    let mut output = io::stdout();
    while let Some(message) = read_message(&mut from_server) {
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        let line = record.writer.server(&message);
        record.note(line);
        drop(record);
        // An editor that is gone is no reason to end before the server does.
        let _ = write_message(&mut output, &message.to_string());
    }
    let code = server.wait()?.code();
    process::exit(code.unwrap_or(1));
}
