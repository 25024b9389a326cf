//! The real kubectl does what its users do all day.
//!
//! Left out are its commands that make objects without a file (`create namespace`, `auth can-i`): they send protobuf, which
//! the server answers with 415.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::etcd::Etcd;
use super::server::{Server, program};

const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        ports:
        - containerPort: 80
"#;

const NAMESPACE: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
"#;

const SMALL: &str = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: b}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {a: b}
"#;

const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata:
  name: p
  labels: {app: p}
spec:
  containers:
  - name: c
    image: busybox:1.36
    command: [sleep, "3600"]
"#;

/// kubectl, talking to a server.
struct Kubectl<'s> {
    program: PathBuf,
    server: &'s Server,
}

/// What a command did.
struct Done {
    command: String,
    code: Option<i32>,
    out: String,
    error: String,
}

impl<'s> Kubectl<'s> {
    fn of(server: &'s Server) -> Option<Kubectl<'s>> {
        let found = program("kubectl");
        if found.is_none() {
            println!("SKIPPED: kubectl is not installed; scripts/install-test-tools.sh installs it");
        }
        Some(Kubectl { program: found?, server })
    }

    fn run(&self, command: &str) -> Done {
        self.run_with(command, "")
    }

    /// Runs a command whose words have no blanks, with a text as its input.
    fn run_with(&self, command: &str, input: &str) -> Done {
        let mut child = Command::new(&self.program)
            .args(command.split_whitespace())
            .env("KUBECONFIG", self.server.kubeconfig())
            .env("HOME", self.server.folder())
            .current_dir(self.server.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        let mut stdin = child.stdin.take().expect("its input");
        // It may end without reading.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("kubectl ends");
        Done {
            command: command.to_owned(),
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            error: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Done {
    #[track_caller]
    fn exits(self, code: i32) -> Done {
        assert_eq!(self.code, Some(code), "{}: {}{}", self.command, self.out, self.error);
        self
    }

    /// It went well and printed this.
    #[track_caller]
    fn prints(self, expected: &str) -> Done {
        let done = self.exits(0);
        assert_eq!(done.out.trim_end(), expected, "{}", done.command);
        done
    }

    /// It printed lines with these words, whatever is between them.
    #[track_caller]
    fn shows(self, lines: &[&str]) -> Done {
        for expected in lines {
            let words: Vec<&str> = expected.split_whitespace().collect();
            let has_words = |line: &str| {
                let mut own = line.split_whitespace();
                words.iter().all(|word| own.any(|other| other == *word))
            };
            assert!(
                self.out.lines().any(has_words),
                "{}: {expected:?} is not in\n{}",
                self.command,
                self.out
            );
        }
        self
    }

    #[track_caller]
    fn complains(self, expected: &str) -> Done {
        assert!(self.error.contains(expected), "{}: {expected:?} is not in\n{}", self.command, self.error);
        self
    }
}

#[test]
fn everyday_commands_work_on_the_embedded_store() {
    let server = Server::start(&[]);
    let Some(kubectl) = Kubectl::of(&server) else { return };
    learns(&kubectl);
    makes(&kubectl);
    reads(&kubectl);
    changes(&kubectl);
    applies(&kubectl);
    removes(&kubectl);
    refuses(&kubectl);
}

#[test]
fn everyday_commands_work_on_etcd() {
    let Some(etcd) = Etcd::start() else { return };
    let server = Server::start(&["--etcd-servers", etcd.url()]);
    let Some(kubectl) = Kubectl::of(&server) else { return };
    makes(&kubectl);
    reads(&kubectl);
    changes(&kubectl);
    removes(&kubectl);
}

/// What is there, and what it is made of.
fn learns(kubectl: &Kubectl<'_>) {
    kubectl.run("api-resources").exits(0).shows(&[
        "NAME SHORTNAMES APIVERSION NAMESPACED KIND",
        "pods po v1 true Pod",
        "deployments deploy apps/v1 true Deployment",
        "nodes no v1 false Node",
        "customresourcedefinitions crd,crds apiextensions.k8s.io/v1 false CustomResourceDefinition",
    ]);
    kubectl.run("api-versions").exits(0).shows(&["v1", "apps/v1", "resource.k8s.io/v1"]);
    let done = kubectl.run("explain pods.spec.containers.image").exits(0);
    done.shows(&["KIND: Pod", "VERSION: v1", "FIELD: image <string>"]);
    kubectl
        .run("explain deployments --recursive")
        .exits(0)
        .shows(&["rollingUpdate <RollingUpdateDeployment>"]);
    kubectl.run("explain pods.spec.nonsense").exits(1).complains("field \"nonsense\" does not exist");
    kubectl.run("version").exits(0).shows(&["Server Version: v1.36.2"]);
    kubectl.run("cluster-info").exits(0);
    kubectl
        .run("get namespaces -o name")
        .prints("namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system");
}

fn makes(kubectl: &Kubectl<'_>) {
    kubectl
        .run_with("create -f -", NAMESPACE)
        .prints("namespace/shop created\nserviceaccount/default created");
    kubectl.run_with("create -n shop -f -", DEPLOYMENT).prints("deployment.apps/web created");
    kubectl.run_with("create -n shop -f -", POD).prints("pod/p created");
    kubectl.run_with("create -n shop -f -", SMALL).prints("configmap/c created\nsecret/s created");
    kubectl.run("expose deployment web -n shop --port 80").prints("service/web exposed");
    kubectl
        .run_with("create -n shop -f - --dry-run=server", &POD.replace("name: p", "name: q"))
        .prints("pod/q created (server dry run)");
    kubectl.run("get pod q -n shop").exits(1).complains("pods \"q\" not found");
}

fn reads(kubectl: &Kubectl<'_>) {
    kubectl.run("get pods -n shop -o wide").exits(0).shows(&[
        "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES",
        "p 0/1 Pending 0 <none> <none> <none> <none>",
    ]);
    kubectl.run("get deployments,services -n shop -o wide").exits(0).shows(&[
        "deployment.apps/web 0/2 0 0 nginx nginx:1.27 app=web",
        "service/web ClusterIP <none> 80/TCP app=web",
    ]);
    kubectl.run("get pods -A -l app=p -o name").prints("pod/p");
    kubectl.run("get pods -n shop --field-selector metadata.name=p --no-headers -o name").prints("pod/p");
    kubectl.run("get configmap c -n shop -o jsonpath={.data.a}").prints("b");
    kubectl.run("get secret s -n shop -o yaml").exits(0).shows(&["a: Yg==", "type: Opaque"]);
    kubectl.run("describe pod p -n shop").exits(0).shows(&[
        "Name: p",
        "Namespace: shop",
        "Labels: app=p",
        "Status: Pending",
        "Image: busybox:1.36",
        "QoS Class: BestEffort",
    ]);
    kubectl.run("describe deployment web -n shop").exits(0).shows(&[
        "Name: web",
        "Replicas: 2 desired | 0 updated | 0 total | 0 available | 0 unavailable",
        "StrategyType: RollingUpdate",
    ]);
    kubectl.run("describe service web -n shop").exits(0).shows(&["Type: ClusterIP", "TargetPort: 80/TCP"]);
}

fn changes(kubectl: &Kubectl<'_>) {
    kubectl.run("label pod p -n shop tier=front").prints("pod/p labeled");
    kubectl.run("label pod p -n shop tier=back").exits(1).complains("already has a value (front)");
    kubectl.run("annotate pod p -n shop note=hello").prints("pod/p annotated");
    let patch = "patch deployment web -n shop -p";
    kubectl.run(&format!("{patch} {{\"spec\":{{\"paused\":true}}}}")).prints("deployment.apps/web patched");
    kubectl
        .run(&format!("{patch} [{{\"op\":\"remove\",\"path\":\"/spec/paused\"}}] --type json"))
        .prints("deployment.apps/web patched");
    kubectl
        .run(&format!("{patch} {{\"metadata\":{{\"labels\":{{\"x\":\"y\"}}}}}} --type merge"))
        .prints("deployment.apps/web patched");
    kubectl.run("scale deployment web -n shop --replicas 5").prints("deployment.apps/web scaled");
    kubectl.run("get deployment web -n shop -o jsonpath={.spec.replicas}/{.metadata.labels.x}").prints("5/y");
    kubectl
        .run("set image deployment/web -n shop nginx=nginx:1.28")
        .prints("deployment.apps/web image updated");
    kubectl.run("get deployment web -n shop -o jsonpath={..image}").prints("nginx:1.28");
    let patch =
        "{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}";
    kubectl.run(&format!("patch pod p -n shop --subresource status -p {patch}")).prints("pod/p patched");
    kubectl.run("wait pod p -n shop --for condition=Ready --timeout 5s").prints("pod/p condition met");
    kubectl
        .run("wait pod p -n shop --for condition=Nonsense --timeout 1s")
        .exits(1)
        .complains("timed out waiting for the condition");
}

/// Client-side apply, and what it would change.
fn applies(kubectl: &Kubectl<'_>) {
    let own = DEPLOYMENT.replace("name: web", "name: applied");
    let more = own.replace("replicas: 2", "replicas: 3");
    kubectl.run_with("apply -n shop -f -", &own).prints("deployment.apps/applied created");
    kubectl.run_with("apply -n shop -f -", &own).prints("deployment.apps/applied unchanged");
    kubectl.run_with("diff -n shop -f -", &own).exits(0);
    kubectl.run_with("diff -n shop -f -", &more).exits(1).shows(&["- replicas: 2", "+ replicas: 3"]);
    kubectl.run_with("apply -n shop -f -", &more).prints("deployment.apps/applied configured");
    kubectl
        .run_with("apply -n shop -f - --dry-run=server", &own)
        .prints("deployment.apps/applied configured (server dry run)");
    kubectl.run("get deployment applied -n shop -o jsonpath={.spec.replicas}").prints("3");
    let wrong = own.replace("replicas: 2", "replicaz: 2");
    kubectl.run_with("apply -n shop -f -", &wrong).exits(1).complains("unknown field \"spec.replicaz\"");
    kubectl.run_with("apply -n shop -f - --validate=false", &own).exits(0);
}

fn removes(kubectl: &Kubectl<'_>) {
    kubectl.run("delete pod p -n shop --grace-period 0 --force").exits(0).shows(&["pod \"p\" force deleted"]);
    kubectl.run("delete configmap c -n shop").exits(0).shows(&["configmap \"c\" deleted"]);
    kubectl.run("wait configmap c -n shop --for delete --timeout 5s").exits(0);
    kubectl.run("get configmap c -n shop --ignore-not-found").prints("");
    kubectl.run("delete configmap c -n shop").exits(1).complains("configmaps \"c\" not found");
    kubectl.run("delete services -n shop --all").exits(0).shows(&["service \"web\" deleted"]);
}

fn refuses(kubectl: &Kubectl<'_>) {
    kubectl.run("get nonsense").exits(1).complains("the server doesn't have a resource type \"nonsense\"");
    kubectl
        .run_with("create -n shop -f -", &POD.replace("name: p", "name: UPPER"))
        .exits(1)
        .complains("RFC 1123");
    let bob = "--token tok-bob --kubeconfig /dev/null --insecure-skip-tls-verify";
    let url = kubectl.server.url();
    kubectl.run(&format!("get pods --server {url} {bob}")).exits(1).complains(
        "User \"bob\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"",
    );
}
