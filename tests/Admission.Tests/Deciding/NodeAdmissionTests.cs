using System.Text;
using Tollgate.Admission.Keys;
using Tollgate.Admission.Table;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Deciding;

public sealed class NodeAdmissionTests
{
    [Fact]
    public void Admit_EachState_HasItsVerdict()
    {
        var node = new Node(Node.Deny(100, Window.Minute));
        var product = node.Entitlement.Product.Id;
        Verdict([]).ShouldBe(AdmissionVerdict.KeyMissing);
        Verdict("tg_live_x"u8).ShouldBe(AdmissionVerdict.KeyMalformed);
        Verdict(Encoding.ASCII.GetBytes(KeyFormat.Generate(KeyFormat.Live))).ShouldBe(AdmissionVerdict.KeyUnknown);
        Verdict(node.AddKey(KeyState.Deleted)).ShouldBe(AdmissionVerdict.KeyUnknown);
        Verdict(node.AddKey(KeyState.Revoked)).ShouldBe(AdmissionVerdict.KeyRevoked);
        Verdict(node.AddKey(expiresAt: Node.Noon.UtcTicks)).ShouldBe(AdmissionVerdict.KeyExpired);
        Verdict(node.Secret).ShouldBe(AdmissionVerdict.Admitted);
        node.State.Loaded = false;
        Verdict(node.Secret).ShouldBe(AdmissionVerdict.Unavailable);

        AdmissionVerdict Verdict(ReadOnlySpan<byte> key) => node.Admission.Admit(key, product, Node.Amounts((Meter.Requests, 1))).Verdict;
    }

    [Fact]
    public void Admit_KeyOfAnotherProduct_IsUnknownAndNamesNobody()
    {
        var node = new Node();
        var decision = node.Admission.Admit(node.Secret, Node.Id(), Node.Amounts((Meter.Requests, 1)));
        decision.Verdict.ShouldBe(AdmissionVerdict.KeyUnknown);
        decision.KeyKnown.ShouldBeFalse();
    }

    [Fact]
    public void Admit_SubscriptionEnded_IsInactiveAndNamed()
    {
        var node = new Node();
        node.Apply(node.Entitlement with { ValidUntil = Node.Noon.AddSeconds(1) });
        var open = node.Call();
        open.Admitted.ShouldBeTrue();
        node.Admission.StillValid(open).ShouldBeTrue();
        node.Clock.Advance(TimeSpan.FromSeconds(1));
        node.Admission.StillValid(open).ShouldBeFalse();
        node.Call().Verdict.ShouldBe(AdmissionVerdict.SubscriptionInactive);
        node.Apply(node.Entitlement with { ValidUntil = null, Active = false });
        var refused = node.Call();
        refused.Verdict.ShouldBe(AdmissionVerdict.SubscriptionInactive);
        refused.Reason.ShouldBe(RefusalReason.SubscriptionInactive);
        refused.SubscriptionId.ShouldBe(node.Entitlement.SubscriptionId);
    }

    [Fact]
    public void StillValid_KeyRevoked_IsFalse()
    {
        var node = new Node();
        var open = node.Call();
        node.State.Keys.SetState(open.KeyPlace, KeyState.Revoked);
        node.Admission.StillValid(open).ShouldBeFalse();
    }

    [Fact]
    public void Admit_RandomBytes_NeverThrowsAndNeverAdmits()
    {
        var node = new Node();
        var random = new Random(42);
        for (var i = 0; i < 50_000; i++)
        {
            var noise = new byte[random.Next(0, 200)];
            random.NextBytes(noise);
            node.Admission.Admit(noise, node.Entitlement.Product.Id, Node.Amounts((Meter.Requests, 1))).Admitted.ShouldBeFalse();
        }
    }

    [Fact]
    public void Admit_WarmPath_AllocatesNothing()
    {
        var node = new Node(Node.Deny(1_000_000, Window.Second), Node.Deny(1_000_000, Window.Minute), Node.Deny(1_000_000, Window.Month), Node.Deny(1 << 30, Window.Day, "bytes.out"));
        var amounts = Node.Amounts((Meter.Requests, 1));
        var bytes = Node.Amounts((Meter.BytesOut, 7));
        var product = node.Entitlement.Product.Id;
        var stranger = Encoding.ASCII.GetBytes(KeyFormat.Generate(KeyFormat.Live));
        // A thousand are a hundred seconds: windows end among them.
        Allocations.WhenCompiled(() =>
        {
            var decision = node.Admission.Admit(node.Secret, product, amounts);
            node.Admission.Settle(decision, bytes);
            node.Admission.GiveBack(decision);
            node.Admission.StillValid(decision);
            node.Admission.Admit(stranger, product, amounts);
            node.Clock.Advance(TimeSpan.FromMilliseconds(100));
        }).ShouldBe(0);
    }
}
