using System.Net;
using System.Text;
using Tollgate.Admission.Keys;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Keys;

public sealed class KeyRestrictionTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.255", true)]
    [InlineData("192.0.2.0/24", "192.0.3.0", false)]
    [InlineData("192.0.2.7/32", "192.0.2.7", true)]
    [InlineData("192.0.2.7/32", "192.0.2.8", false)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::", false)]
    [InlineData("2001:db8::1/128", "2001:db8::1", true)]
    [InlineData("192.0.2.0/24", "::ffff:192.0.2.9", true)]
    [InlineData("192.0.2.0/24", "::192.0.2.9", false)]
    public void Address_IsInItsRangeOrNot(string network, string address, bool allowed) =>
        KeyRestriction.Of(null, [network])!.AllowsAddress(IPAddress.Parse(address)).ShouldBe(allowed);

    [Fact]
    public void Address_ThatIsNotKnown_IsAllowedNowhere() => KeyRestriction.Of(null, ["0.0.0.0/0", "::/0"])!.AllowsAddress(null).ShouldBeFalse();

    [Fact]
    public void RestrictedKey_IsRefusedElsewhereAndTakesNothing()
    {
        var node = new Node(Node.Deny(1, Window.Month));
        var operation = Node.Id();
        var secret = AddKey(node, KeyRestriction.Of([operation], ["192.0.2.0/24"]));
        var (here, there) = (IPAddress.Parse("192.0.2.9"), IPAddress.Parse("198.51.100.1"));
        AdmissionDecision Call(Guid endpoint, IPAddress? client) => node.Admission.Admit(secret, node.Entitlement.Product.Id, Node.Amounts((Meter.Requests, 1)), new CallOrigin(endpoint, client));

        var address = Call(operation, there);
        (address.Verdict, address.Reason, address.KeyKnown).ShouldBe((AdmissionVerdict.AddressNotAllowed, RefusalReason.AddressNotAllowed, true));
        var endpoint = Call(Node.Id(), here);
        (endpoint.Verdict, endpoint.Reason).ShouldBe((AdmissionVerdict.EndpointNotInKey, RefusalReason.EndpointNotInKey));
        Call(Guid.Empty, here).Verdict.ShouldBe(AdmissionVerdict.EndpointNotInKey);
        Call(operation, null).Verdict.ShouldBe(AdmissionVerdict.AddressNotAllowed);
        Call(operation, here).Admitted.ShouldBeTrue("nothing was taken by the refusals");
        Call(operation, here).Verdict.ShouldBe(AdmissionVerdict.RateLimited);
    }

    [Fact]
    public void Restriction_IsSetAndLiftedInPlace()
    {
        var node = new Node(Node.Deny(1000, Window.Month));
        var secret = AddKey(node, null);
        AdmissionVerdict Call() => node.Admission.Admit(secret, node.Entitlement.Product.Id, Node.Amounts((Meter.Requests, 1))).Verdict;
        Call().ShouldBe(AdmissionVerdict.Admitted);
        Put(node, secret, KeyRestriction.Of([Node.Id()], null));
        Call().ShouldBe(AdmissionVerdict.EndpointNotInKey);
        Put(node, secret, null);
        Call().ShouldBe(AdmissionVerdict.Admitted);
        Put(node, secret, KeyRestriction.Of([Node.Id()], null), KeyState.Revoked);
        Call().ShouldBe(AdmissionVerdict.KeyRevoked);
    }

    [Fact]
    public void Stream_OfARestrictedKey_StaysValid()
    {
        var node = new Node(Node.Deny(1000, Window.Month));
        var operation = Node.Id();
        var secret = AddKey(node, KeyRestriction.Of([operation], null));
        var decision = node.Admission.Admit(secret, node.Entitlement.Product.Id, Node.Amounts((Meter.Requests, 1)), new CallOrigin(operation, null));
        node.Admission.StillValid(decision).ShouldBeTrue();
        Put(node, secret, KeyRestriction.Of([operation], null), KeyState.Revoked);
        node.Admission.StillValid(decision).ShouldBeFalse();
    }

    [Fact]
    public void Stream_OfAKeyThatIsForOtherEndpointsOrAddressesByNow_IsValidNoMore()
    {
        var node = new Node(Node.Deny(1000, Window.Month));
        var operation = Node.Id();
        var secret = AddKey(node, null);
        var decision = node.Admission.Admit(secret, node.Entitlement.Product.Id, Node.Amounts((Meter.Requests, 1)), new CallOrigin(operation, IPAddress.Parse("192.0.2.9")));
        node.Admission.StillValid(decision).ShouldBeTrue();
        Put(node, secret, KeyRestriction.Of([operation], ["192.0.2.0/24"]));
        node.Admission.StillValid(decision).ShouldBeTrue();
        Put(node, secret, KeyRestriction.Of([Node.Id()], null));
        node.Admission.StillValid(decision).ShouldBeFalse();
        Put(node, secret, KeyRestriction.Of(null, ["198.51.100.0/24"]));
        node.Admission.StillValid(decision).ShouldBeFalse();
        Put(node, secret, null);
        node.Admission.StillValid(decision).ShouldBeTrue();
    }

    [Fact]
    public void RestrictedKey_AllocatesNothingOnThePath()
    {
        var node = new Node(Node.Deny(1_000_000, Window.Month));
        var operation = Node.Id();
        var secret = AddKey(node, KeyRestriction.Of([.. Enumerable.Range(0, 20).Select(_ => Node.Id()), operation], ["10.0.0.0/8", "2001:db8::/32"]));
        var (amounts, product, origin) = (Node.Amounts((Meter.Requests, 1)), node.Entitlement.Product.Id, new CallOrigin(operation, IPAddress.Parse("10.1.2.3")));
        node.Admission.Admit(secret, product, amounts, origin).Admitted.ShouldBeTrue();
        Allocations.WhenCompiled(() => node.Admission.Admit(secret, product, amounts, origin)).ShouldBe(0);
    }

    private static byte[] AddKey(Node node, KeyRestriction? restriction)
    {
        var secret = Encoding.ASCII.GetBytes(KeyFormat.Generate(KeyFormat.Live));
        Put(node, secret, restriction);
        return secret;
    }

    private static void Put(Node node, byte[] secret, KeyRestriction? restriction, KeyState state = KeyState.Active) => node.State.Keys.Put(
        Node.Id(), KeyFormat.Digest(Encoding.ASCII.GetString(secret)), node.State.Subscribers.Ensure(node.Entitlement.SubscriptionId).Slot, state, long.MaxValue, restriction);
}
