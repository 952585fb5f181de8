using System.Diagnostics;
using System.Globalization;
using Tollgate.memory;

// What a node holds for each subscription with its key, and what a decision costs among so many. Usage: [subscriptions] [plans]
var subscriptions = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
var plans = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 20;
var few = new Load(1000, plans);
few.Decide("1,000 subscriptions");
var before = GC.GetTotalMemory(forceFullCollection: true);
var clock = Stopwatch.StartNew();
var load = new Load(subscriptions, plans);
var seconds = clock.Elapsed.TotalSeconds;
var held = GC.GetTotalMemory(forceFullCollection: true) - before - load.SecretBytes;
Console.WriteLine($"{subscriptions:N0} subscriptions, {plans} plans: {held / 1048576.0:N0} MB, {(double)held / subscriptions:N0} bytes each with its key, taken in within {seconds:N1} s");
load.Decide($"{subscriptions:N0} subscriptions");
few.Decide("1,000 subscriptions");
load.Decide($"{subscriptions:N0} subscriptions");
