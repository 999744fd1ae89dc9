import { Controller, Get, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";

@Controller()
class Hello {
  @Get()
  hello(): string {
    return "Hello, world!\n";
  }
}

@Module({ controllers: [Hello] })
class App {}

void NestFactory.create(App).then((app) => app.listen(3000));
