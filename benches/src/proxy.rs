//! Stands between a client and PostgreSQL, and hands on what the client says half a millisecond later: so long a round trip takes, whatever its size.
//!
//! With threads: tokio's timers count in milliseconds.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;

use crate::contender::Outcome;

/// What a sleep takes longer than it was asked to, about.
const SLACK: Duration = Duration::from_micros(60);

/// Listens for as long as the program runs; the port.
pub fn start(server: &PgConnectOptions, delay: Duration) -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let server = server.clone();
    thread::spawn(move || {
        for client in listener.incoming() {
            carry(client?, connect(&server)?, delay)?;
        }
        Ok::<(), std::io::Error>(())
    });
    Ok(port)
}

/// What a server says, and what it is told.
type Halves = (Box<dyn Read + Send>, Box<dyn Write + Send>);

fn connect(server: &PgConnectOptions) -> std::io::Result<Halves> {
    if let Some(directory) = server.get_socket() {
        let path = directory.join(format!(".s.PGSQL.{}", server.get_port()));
        let stream = UnixStream::connect(path)?;
        return Ok((Box::new(stream.try_clone()?), Box::new(stream)));
    }
    let stream = TcpStream::connect((server.get_host(), server.get_port()))?;
    stream.set_nodelay(true)?;
    Ok((Box::new(stream.try_clone()?), Box::new(stream)))
}

fn carry(client: TcpStream, (says, told): Halves, delay: Duration) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let (sender, receiver) = channel();
    let hears = client.try_clone()?;
    thread::spawn(move || read(hears, &sender, delay));
    thread::spawn(move || write(told, &receiver));
    thread::spawn(move || answer(says, client));
    Ok(())
}

/// Takes what the client says, with the time when the server may hear it.
fn read(mut client: TcpStream, sender: &Sender<(Instant, Vec<u8>)>, delay: Duration) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let due = Instant::now() + delay;
        if sender.send((due, buffer[..count].to_vec())).is_err() {
            return;
        }
    }
}

fn write(mut server: impl Write, receiver: &Receiver<(Instant, Vec<u8>)>) {
    while let Ok((due, bytes)) = receiver.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now() + SLACK));
        if server.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn answer(mut server: impl Read, mut client: TcpStream) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = server.read(&mut buffer) {
        if client.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
