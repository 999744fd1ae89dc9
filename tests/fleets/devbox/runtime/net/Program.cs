var app = Microsoft.AspNetCore.Builder.WebApplication.Create(args);
Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(app, "/", () => "Hello, world!\n");
app.Run("http://0.0.0.0:8080");
