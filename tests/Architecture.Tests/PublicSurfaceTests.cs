using System.Reflection;
using Tollgate.Admission;
using Tollgate.Catalog;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Identity;
using Tollgate.Messaging;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Architecture.Tests
{
    /// <summary>A module's root namespace is its public face; what lies deeper is internal.</summary>
    public sealed class PublicSurfaceTests
    {
        internal static readonly IReadOnlyList<Type> Doors =
            [typeof(FoundationModule), typeof(IdentityModule), typeof(MeteringModule), typeof(PlansModule), typeof(AdmissionModule), typeof(GatewayModule), typeof(CatalogModule), typeof(MessagingModule)];

        [Fact]
        public void PublicTypes_AreInTheRootNamespaceOnly() => Doors.SelectMany(door => Misplaced(door.Assembly.GetTypes(), door.Namespace!)).ShouldBeEmpty();

        [Fact]
        public void EveryModule_IsLookedAt() => Doors.Select(door => door.Namespace![9..]).ShouldBe(Repository.Modules.Where(module => module != "Host"), ignoreOrder: true);

        [Fact]
        public void TheGuard_FindsAPlantedPublicType() =>
            Misplaced([typeof(Planted.TooPublic), typeof(PublicSurfaceTests)], "Tollgate.Architecture.Tests").ShouldBe(["Tollgate.Architecture.Tests.Planted.TooPublic"]);

        private static IEnumerable<string> Misplaced(IEnumerable<Type> types, string root) =>
            types.Where(type => type.IsPublic && type.Namespace != root && type.Namespace?.StartsWith("Tollgate.", StringComparison.Ordinal) == true).Select(type => type.FullName!);
    }
}

namespace Tollgate.Architecture.Tests.Planted
{
    public sealed class TooPublic;
}
