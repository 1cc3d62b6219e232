import Foundation
import Testing
import Yams

/// kubectl's part that needs no cluster.
private enum Kustomize {
  static let overlays = ["replicas", "autoscaled", "job"]
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  /// Debian 12's own kubectl has kustomize 2, which does not know labels, or folders among resources.
  static let isInstalled = (try? made("replicas"))?.status == 0

  static let isChecked = (try? Program.tool(["kubernetes-validate", "--version"]))?.status == 0

  static func made(_ overlay: String) throws -> Program.Result {
    try Program.tool(["kubectl", "kustomize", "\(root)/cluster/kubernetes/overlays/\(overlay)"])
  }
}

/// What cluster/kubernetes makes, as a cluster gets it.
@Suite(.enabled(if: Kustomize.isInstalled, "kubectl with kustomize 4 or later makes the manifests"))
struct ManifestTests {
  private typealias Object = [String: Any]

  private func objects(_ overlay: String) throws -> [Object] {
    let made = try Kustomize.made(overlay)
    #expect(made.status == 0 && made.errors.isEmpty, "\(made.errors)")
    return try Yams.load_all(yaml: made.output).map { try #require($0 as? Object) }
  }

  /// A value by its path of keys, joined by dots.
  private func at(_ path: String, _ object: Object?) -> Any? {
    path.split(separator: ".").reduce(object as Any?) { ($0 as? Object)?[String($1)] }
  }

  private func named(_ kind: String, _ name: String, _ objects: [Object]) -> Object? {
    objects.first { $0["kind"] as? String == kind && at("metadata.name", $0) as? String == name }
  }

  private func pods(_ objects: [Object]) -> [String: Object] {
    var pods: [String: Object] = [:]
    for object in objects {
      guard let pod = at("spec.template.spec", object) as? Object, let kind = object["kind"] as? String else {
        continue
      }
      pods[kind] = pod
    }
    return pods
  }

  private func container(_ pod: Object) throws -> Object {
    let containers = try #require(pod["containers"] as? [Object])
    #expect(containers.count == 1)
    return try #require(containers.first)
  }

  @Test(arguments: Kustomize.overlays) func nobodyIsMoreThanItHasToBe(overlay: String) throws {
    let pods = try pods(objects(overlay))
    #expect(pods.keys.sorted() == (overlay == "job" ? ["Job", "StatefulSet"] : ["Deployment", "StatefulSet"]))
    for pod in pods.values {
      #expect(pod["automountServiceAccountToken"] as? Bool == false)
      #expect(at("securityContext.runAsNonRoot", pod) as? Bool == true)
      #expect(at("securityContext.runAsUser", pod) as? Int == 10001)
      #expect(at("securityContext.seccompProfile.type", pod) as? String == "RuntimeDefault")
      let context = try #require(try container(pod)["securityContext"] as? Object)
      #expect(context["allowPrivilegeEscalation"] as? Bool == false && context["privileged"] == nil)
      #expect(context["readOnlyRootFilesystem"] as? Bool == true)
      #expect(at("capabilities.drop", context) as? [String] == ["ALL"] && at("capabilities.add", context) == nil)
      for volume in try #require(pod["volumes"] as? [Object]) {
        // Keys that others can read are refused; the group is that of fsGroup.
        if let secret = volume["secret"] as? Object { #expect(secret["defaultMode"] as? Int == 0o440) }
        #expect(volume["hostPath"] == nil)
      }
    }
  }

  @Test(arguments: Kustomize.overlays) func probesResourcesAndGraceAreThere(overlay: String) throws {
    for (kind, pod) in try pods(objects(overlay)) {
      let container = try container(pod)
      #expect(container["livenessProbe"] != nil)
      #expect(at("resources.limits.memory", container) != nil && at("resources.requests.cpu", container) != nil)
      let grace = try #require(pod["terminationGracePeriodSeconds"] as? Int)
      if kind == "StatefulSet" {
        for probe in ["startupProbe", "readinessProbe"] {
          #expect(at("\(probe).httpGet.path", container) as? String == "/readyz")
        }
        #expect(at("livenessProbe.httpGet.path", container) as? String == "/healthz" && grace >= 30)
      } else {
        // Lanes come from the limit, which is a whole number of processors: part of one would be a slow lane.
        #expect(at("resources.limits.cpu", container).flatMap { Int("\($0)") } != nil)
        #expect((container["args"] as? [String])?.contains("--lanes=auto") == true)
        #expect(at("livenessProbe.exec.command", container) as? [String] == ["sentei", "healthy"])
        // It has to last as long as the worker, or its second signal would come at once.
        let preStop = try #require(at("lifecycle.preStop.exec.command", container) as? [String])
        #expect(preStop.last == "kill -TERM 1; while kill -0 1; do sleep 0.1; done" && grace >= 60)
      }
    }
  }

  /// The program takes the words of each manifest; what it then misses are the files of a pod.
  @Test(arguments: Kustomize.overlays) func theProgramTakesTheArguments(overlay: String) throws {
    for pod in try pods(objects(overlay)).values {
      let arguments = try #require(try container(pod)["args"] as? [String])
      let result = try Program.run(arguments.map { $0.replacing("$(SENTEI_INDEX)", with: "3") })
      #expect(result.status == 66 && result.errors.contains("/etc/sentei/"), "\(result.status) \(result.errors)")
    }
  }

  @Test(arguments: Kustomize.overlays) func whatNamesAnotherNamesOneThatIsThere(overlay: String) throws {
    let objects = try objects(overlay)
    let labels = objects.compactMap { at("spec.template.metadata.labels", $0) as? [String: String] }
    let component = "app.kubernetes.io/component"
    for object in objects {
      let kind = object["kind"] as? String
      let selector =
        switch kind {
        case "Service": at("spec.selector", object)
        case "NetworkPolicy": at("spec.podSelector.matchLabels", object)
        case "PodDisruptionBudget", "StatefulSet", "Deployment": at("spec.selector.matchLabels", object)
        default: nil as Any?
        }
      guard let selector = selector as? [String: String] else { continue }
      let hits = labels.filter { labels in selector.allSatisfy { labels[$0] == $1 } }
      #expect(hits.count == 1, "\(kind ?? "") \(selector)")
    }
    #expect(Set(labels.compactMap { $0[component] }) == ["coordinator", "worker"])
    // Who is let in, and where to, is there too.
    for policy in objects where policy["kind"] as? String == "NetworkPolicy" {
      for side in [("ingress", "from"), ("egress", "to")] {
        let peers = (at("spec.\(side.0)", policy) as? [Object] ?? []).flatMap { $0[side.1] as? [Object] ?? [] }
        for case let wanted as [String: String] in peers.map({ at("podSelector.matchLabels", $0) }) {
          #expect(labels.contains { labels in wanted.allSatisfy { labels[$0] == $1 } }, "\(wanted)")
        }
      }
    }
    let set = try #require(named("StatefulSet", "sentei-coordinator", objects))
    #expect(at("spec.replicas", set) as? Int == 1)
    let service = try #require(at("spec.serviceName", set) as? String)
    #expect(at("spec.clusterIP", named("Service", service, objects)) as? String == "None")
    let claims = at("spec.volumeClaimTemplates", set) as? [Object]
    #expect(claims?.count == 1)
    if overlay == "autoscaled" {
      let scaler = try #require(named("HorizontalPodAutoscaler", "sentei-worker", objects))
      #expect(at("spec.scaleTargetRef.name", scaler) as? String == "sentei-worker")
      let metric = (at("spec.metrics", scaler) as? [Object])?.first
      #expect(at("object.metric.name", metric) as? String == "sentei_queue_length")
      // The autoscaler's number is not to be set back by whoever applies the manifest again.
      let workers = try #require(named("Deployment", "sentei-worker", objects))
      #expect(at("spec.replicas", workers) == nil)
    }
    if overlay == "job" {
      #expect(at("spec.completionMode", named("Job", "sentei-worker", objects)) as? String == "Indexed")
      // Nobody has the key of another.
      let job = try #require(pods(objects)["Job"])
      let mounts = try #require(try container(job)["volumeMounts"] as? [Object])
      let keys = mounts.filter { $0["name"] as? String == "certificates" }
      #expect(keys.count == 3)
      for mount in keys {
        #expect(
          mount["subPath"] as? String == "ca.pem"
            || (mount["subPathExpr"] as? String)?.hasPrefix("worker-$(SENTEI_INDEX).") == true)
      }
    }
  }

  @Test(
    .enabled(if: Kustomize.isChecked, "kubernetes-validate (pip install kubernetes-validate) has the schema"),
    arguments: Kustomize.overlays)
  func theSchemaOfKubernetesTakesThem(overlay: String) throws {
    let file = Workplace()
    let path = try file.write("\(overlay).yaml", Kustomize.made(overlay).output)
    let result = try Program.tool(["kubernetes-validate", "--strict", path])
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  @Test func theStudyIsOneOfTheExamples() throws {
    let texts = try ["cluster/kubernetes/base/study.yaml", "docs/examples/digits.yaml"].map {
      try String(contentsOfFile: "\(Kustomize.root)/\($0)", encoding: .utf8)
    }
    #expect(texts[0] == texts[1])
  }
}
