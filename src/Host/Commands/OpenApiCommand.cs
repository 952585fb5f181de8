using System.CommandLine;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Commands;

internal static class OpenApiCommand
{
    public static Command Create()
    {
        var command = new Command("openapi", "Print the OpenAPI document of the control API. Needs no database.");
        command.SetAction(async (_, cancellation) =>
        {
            await using var app = TollgateHost.Build([]);
            var document = await app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(ControlApiDocument.Name).GetOpenApiDocumentAsync(cancellation);
            Console.WriteLine(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellation));
            return 0;
        });
        return command;
    }
}
