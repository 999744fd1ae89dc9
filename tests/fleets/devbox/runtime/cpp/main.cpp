#include <cstdio>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

int main() {
    const std::string text = "Hello, world!\n";
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\nConnection: close\r\n\r\n" + text;
    const int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(8080);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 || listen(server, 16) != 0) {
        std::perror("port 8080");
        return 1;
    }
    while (true) {
        char request[4096];
        const int client = accept(server, nullptr, nullptr);
        if (client < 0)
            continue;
        if (read(client, request, sizeof request) > 0 && write(client, answer.data(), answer.size()) < 0)
            std::perror("a client");
        close(client);
    }
}
