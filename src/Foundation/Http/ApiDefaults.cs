using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Tollgate.Foundation;

/// <summary>What every endpoint of the control API has in common. A module maps its routes in <c>routes.MapGroup("").WithApiDefaults()</c>.</summary>
public static class ApiDefaults
{
    /// <summary>Bytes of a request body unless the endpoint says otherwise.</summary>
    public const long DefaultBodyLimit = 1024 * 1024;

    public static RouteGroupBuilder WithApiDefaults(this RouteGroupBuilder group)
    {
        ArgumentNullException.ThrowIfNull(group);
        group.WithMetadata(new RequestSizeLimitAttribute(DefaultBodyLimit));
        group.AddEndpointFilterFactory(ValidateRequests);
        ((IEndpointConventionBuilder)group).Finally(RefuseLooseParameters);
        group.ProducesProblem(StatusCodes.Status422UnprocessableEntity, Problems.ContentType);
        return group;
    }

    /// <summary>Raises or lowers the size limit of one endpoint's request body, in bytes.</summary>
    public static TBuilder WithBodyLimit<TBuilder>(this TBuilder builder, long bytes)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequestSizeLimitAttribute(bytes));

    /// <summary>
    /// A creating POST: with an Idempotency-Key the effect happens once in 24 hours and a repetition gets the first answer again.
    /// Needs a signed-in account; the answer is kept encrypted.
    /// </summary>
    public static TBuilder Idempotent<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(IdempotentMetadata.Instance);

    // The framework's own validation skips internal and positional types in silence, so a request checks itself, and a *Request parameter that
    // cannot is a mistake that must stop the start (the host enumerates the endpoints before it listens).
    private static EndpointFilterDelegate ValidateRequests(EndpointFilterFactoryContext factory, EndpointFilterDelegate next)
    {
        var positions = new List<int>();
        foreach (var parameter in factory.MethodInfo.GetParameters())
        {
            if (typeof(IRequest).IsAssignableFrom(parameter.ParameterType))
                positions.Add(parameter.Position);
            else if ((parameter.ParameterType.Name.EndsWith("Request", StringComparison.Ordinal) && parameter.ParameterType != typeof(HttpRequest))
                || parameter.IsDefined(typeof(AsParametersAttribute), inherit: false))
                throw new InvalidOperationException($"{parameter.ParameterType} is bound by {factory.MethodInfo.DeclaringType}.{factory.MethodInfo.Name} but does not implement IRequest.");
        }
        return positions.Count == 0 ? next : context => ValidateThen(context, positions, next);
    }

    // A query parameter that a GET takes by itself would be checked by itself: the caller would learn of one mistake at a time.
    private static void RefuseLooseParameters(EndpointBuilder endpoint)
    {
        if (endpoint is not RouteEndpointBuilder route || endpoint.Metadata.OfType<MethodInfo>().FirstOrDefault() is not { } handler
            || endpoint.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods.Contains(HttpMethods.Get) != true)
            return;
        foreach (var parameter in handler.GetParameters())
            if (IsOfTheQuery(parameter) && route.RoutePattern.GetParameter(parameter.Name!) is null)
                throw new InvalidOperationException(
                    $"{handler.DeclaringType}.{handler.Name} takes the query parameter {parameter.Name} by itself; it belongs into a set of [AsParameters] that implements IRequest.");
    }

    private static bool IsOfTheQuery(ParameterInfo parameter)
    {
        if (parameter.IsDefined(typeof(FromQueryAttribute), inherit: false))
            return true;
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return (type.IsEnum || type.IsArray || Array.Exists(type.GetInterfaces(), face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IParsable<>)))
            && !parameter.GetCustomAttributes(inherit: false).Any(attribute => attribute is IFromHeaderMetadata or IFromRouteMetadata or IFromServiceMetadata or IFromBodyMetadata or IFromFormMetadata);
    }

    private static async ValueTask<object?> ValidateThen(EndpointFilterInvocationContext context, List<int> positions, EndpointFilterDelegate next)
    {
        var errors = new Errors();
        foreach (var position in positions)
            if (context.GetArgument<IRequest?>(position) is { } request)
                request.Validate(errors);
        return errors.Any ? Problems.Result(errors.ToFailure()) : await next(context).ConfigureAwait(false);
    }
}

internal sealed class IdempotentMetadata
{
    public static readonly IdempotentMetadata Instance = new();
}
