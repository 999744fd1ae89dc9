use std::{
    io::{Read, Write},
    net::TcpListener,
};

fn main() -> std::io::Result<()> {
    let text = "Hello, world!\n";
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
    for client in TcpListener::bind("0.0.0.0:8080")?.incoming() {
        let mut client = client?;
        let mut request = [0; 4096];
        if client.read(&mut request)? > 0 {
            client.write_all(answer.as_bytes())?;
        }
    }
    Ok(())
}
