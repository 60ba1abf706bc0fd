using Domicile.Server.Tests.Attacks;
using Domicile.Server.Tests.BadInput;
using Domicile.Server.Tests.Deployment;
using Domicile.Server.Tests.S3;

namespace Domicile.Server.Tests.Relay;

[Through(Route.OneRelay)]
public sealed class BucketTestsThroughOne(SharedDeployment shared) : BucketTests(shared);

[Through(Route.TwoRelays)]
public sealed class BucketTestsThroughTwo(SharedDeployment shared) : BucketTests(shared);

[Through(Route.OneRelay)]
public sealed class ChecksumTestsThroughOne(SharedDeployment shared) : ChecksumTests(shared);

[Through(Route.TwoRelays)]
public sealed class ChecksumTestsThroughTwo(SharedDeployment shared) : ChecksumTests(shared);

[Through(Route.OneRelay)]
public sealed class ConditionTestsThroughOne(SharedDeployment shared) : ConditionTests(shared);

[Through(Route.TwoRelays)]
public sealed class ConditionTestsThroughTwo(SharedDeployment shared) : ConditionTests(shared);

[Through(Route.OneRelay)]
public sealed class ListingTestsThroughOne(SharedDeployment shared) : ListingTests(shared);

[Through(Route.TwoRelays)]
public sealed class ListingTestsThroughTwo(SharedDeployment shared) : ListingTests(shared);

[Through(Route.OneRelay)]
public sealed class ObjectTestsThroughOne(SharedDeployment shared) : ObjectTests(shared);

[Through(Route.TwoRelays)]
public sealed class ObjectTestsThroughTwo(SharedDeployment shared) : ObjectTests(shared);

[Through(Route.OneRelay)]
public sealed class PresignedTestsThroughOne(SharedDeployment shared) : PresignedTests(shared);

[Through(Route.TwoRelays)]
public sealed class PresignedTestsThroughTwo(SharedDeployment shared) : PresignedTests(shared);

[Through(Route.OneRelay)]
public sealed class RepeatedWriteTestsThroughOne(SharedDeployment shared) : RepeatedWriteTests(shared);

[Through(Route.TwoRelays)]
public sealed class RepeatedWriteTestsThroughTwo(SharedDeployment shared) : RepeatedWriteTests(shared);

[Through(Route.OneRelay)]
public sealed class UploadTestsThroughOne(SharedDeployment shared) : UploadTests(shared);

[Through(Route.TwoRelays)]
public sealed class UploadTestsThroughTwo(SharedDeployment shared) : UploadTests(shared);

[Through(Route.OneRelay)]
public sealed class VersioningTestsThroughOne(SharedDeployment shared) : VersioningTests(shared);

[Through(Route.TwoRelays)]
public sealed class VersioningTestsThroughTwo(SharedDeployment shared) : VersioningTests(shared);

[Through(Route.OneRelay)]
public sealed class BodyTestsThroughOne(SharedDeployment shared) : BodyTests(shared);

[Through(Route.TwoRelays)]
public sealed class BodyTestsThroughTwo(SharedDeployment shared) : BodyTests(shared);

[Through(Route.OneRelay)]
public sealed class DocumentTestsThroughOne(SharedDeployment shared) : DocumentTests(shared);

[Through(Route.TwoRelays)]
public sealed class DocumentTestsThroughTwo(SharedDeployment shared) : DocumentTests(shared);

[Through(Route.OneRelay)]
public sealed class SignatureTestsThroughOne(SharedDeployment shared) : SignatureTests(shared);

[Through(Route.TwoRelays)]
public sealed class SignatureTestsThroughTwo(SharedDeployment shared) : SignatureTests(shared);

[Through(Route.OneRelay)]
public sealed class StrictHttpTestsThroughOne(SharedDeployment shared) : StrictHttpTests(shared);

[Through(Route.TwoRelays)]
public sealed class StrictHttpTestsThroughTwo(SharedDeployment shared) : StrictHttpTests(shared);

[Through(Route.OneRelay)]
public sealed class TargetTestsThroughOne(SharedDeployment shared) : TargetTests(shared);

[Through(Route.TwoRelays)]
public sealed class TargetTestsThroughTwo(SharedDeployment shared) : TargetTests(shared);

[Through(Route.OneRelay)]
public sealed class StaleBytesTestsThroughOne(SharedDeployment shared) : StaleBytesTests(shared);

[Through(Route.TwoRelays)]
public sealed class StaleBytesTestsThroughTwo(SharedDeployment shared) : StaleBytesTests(shared);

[Through(Route.OneRelay)]
public sealed class StrangerTestsThroughOne(SharedDeployment shared) : StrangerTests(shared);

[Through(Route.TwoRelays)]
public sealed class StrangerTestsThroughTwo(SharedDeployment shared) : StrangerTests(shared);
