using System.Net;
using Microsoft.Extensions.Configuration;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Tests.Upstreams;

public sealed class UpstreamAddressPolicyTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("255.255.255.255")]
    [InlineData("224.0.0.1")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("ff02::1")]
    [InlineData("2001:db8::1")]
    public void IsAllowed_AddressInsideTheNetwork_OnlyWithTheSetting(string address)
    {
        Policy(allowPrivate: false).IsAllowed(IPAddress.Parse(address)).ShouldBeFalse();
        Policy(allowPrivate: true).IsAllowed(IPAddress.Parse(address)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("10.20.0.9", true)]
    [InlineData("10.21.0.9", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("::1", false)]
    [InlineData("1.1.1.1", true)]
    public void IsAllowed_NetworksThatAreOpened_AndNoOthers(string address, bool allowed) => new UpstreamAddressPolicy(
        new ConfigurationBuilder().AddInMemoryCollection([new("Gateway:AllowedUpstreamNetworks", "127.0.0.0/8, 10.20.0.0/16")]).Build(), TimeProvider.System)
        .IsAllowed(IPAddress.Parse(address)).ShouldBe(allowed);

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("100.63.255.255")]
    [InlineData("168.63.129.17")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::101:101")]
    [InlineData("::ffff:1.1.1.1")]
    public void IsAllowed_PublicAddress_Always(string address) => Policy(allowPrivate: false).IsAllowed(IPAddress.Parse(address)).ShouldBeTrue();

    private static UpstreamAddressPolicy Policy(bool allowPrivate) => new(
        new ConfigurationBuilder().AddInMemoryCollection([new(UpstreamAddressPolicy.Setting, allowPrivate.ToString())]).Build(), TimeProvider.System);
}
