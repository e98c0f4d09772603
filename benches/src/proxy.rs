//! Stands between a client and PostgreSQL, and hands on what the client says half a millisecond later: so long a round trip takes, whatever its size.
//!
//! With threads: tokio's timers count in milliseconds.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
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
    let place = (server.get_host().to_owned(), server.get_port());
    thread::spawn(move || {
        for client in listener.incoming() {
            carry(client?, TcpStream::connect(&place)?, delay)?;
        }
        Ok::<(), std::io::Error>(())
    });
    Ok(port)
}

fn carry(client: TcpStream, server: TcpStream, delay: Duration) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (sender, receiver) = channel();
    let (hears, asks) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || read(hears, &sender, delay));
    thread::spawn(move || write(asks, &receiver));
    thread::spawn(move || answer(server, client));
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

fn write(mut server: TcpStream, receiver: &Receiver<(Instant, Vec<u8>)>) {
    while let Ok((due, bytes)) = receiver.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now() + SLACK));
        if server.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn answer(mut server: TcpStream, mut client: TcpStream) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = server.read(&mut buffer) {
        if client.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
