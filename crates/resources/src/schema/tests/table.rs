use crate::schema::{ListType, MapType, Resolved, Schema, Ty};

#[test]
fn the_embedded_tables_are_well_formed() {
    let schema = Schema::get();
    assert!(schema.types().count() > 600);
    for ty in schema.types() {
        assert_eq!(schema.type_by_id(ty.id).name, ty.name);
        for field in ty.fields() {
            if let Some(key) = field.merge_key() {
                assert!(
                    key_of_element(schema, &field.ty, key),
                    "{}.{}: merge key {key} is no field of its elements",
                    ty.name,
                    field.name
                );
            }
            if let Some(ListType::Map(keys)) = &field.list {
                for key in keys {
                    assert!(key_of_element(schema, &field.ty, key), "{}.{}: key {key}", ty.name, field.name);
                }
            }
        }
        for (member, _) in ty.union.iter().flat_map(|union| &union.members) {
            assert!(ty.field(member).is_some(), "{}: the union's member {member} is no field", ty.name);
        }
    }
}

fn key_of_element(schema: &Schema, ty: &Ty, key: &str) -> bool {
    let Resolved::Other(Ty::List(of)) = schema.resolve(ty) else { return false };
    match schema.resolve(of) {
        Resolved::Object(element, _) => element.field(key).is_some(),
        _ => false,
    }
}

#[test]
fn finds_facts_about_fields() {
    let schema = Schema::get();
    let pod = schema.type_of("", "v1", "Pod").expect("Pod");
    let ports = schema.field_at(pod, &["spec", "containers", "ports"]).expect("ports");
    assert_eq!(ports.merge_key(), Some("containerPort"));
    assert_eq!(ports.list, Some(ListType::Map(vec!["containerPort", "protocol"])));
    let protocol = schema.field_at(pod, &["spec", "containers", "ports", "protocol"]).expect("protocol");
    assert_eq!(protocol.default, Some("TCP".into()));
    assert_eq!(protocol.enum_values(schema), ["TCP", "UDP", "SCTP"]);
    let selector = schema.field_at(pod, &["spec", "nodeSelector"]).expect("nodeSelector");
    assert_eq!(selector.map, Some(MapType::Atomic));
    let deployment = schema.type_of("apps", "v1", "Deployment").expect("Deployment");
    let strategy = schema.field_at(deployment, &["spec", "strategy"]).expect("strategy");
    assert!(strategy.patch.is_some_and(|patch| patch.retains_keys && !patch.is_merge));
    let replicas = schema.field_at(deployment, &["spec", "replicas"]).expect("replicas");
    assert!(replicas.is_pointer && !replicas.is_required && replicas.ty == Ty::Int32);
    assert!(schema.field_at(deployment, &["spec", "selector"]).is_some_and(|field| field.is_required));
    assert_eq!(pod.openapi_name(), "io.k8s.api.core.v1.Pod");
    assert!(schema.type_of("apps", "v1", "Status").is_some(), "all groups share Status");
    assert!(schema.type_of("apps", "v1", "DeploymentSpec").is_none(), "a part is no kind");
}

#[test]
fn says_where_a_table_is_wrong() {
    let cases = [
        ("kind A", "t:1: no group has been named before"),
        (
            "group a v1 openapi=x\nnonsense",
            "t:2: \"nonsense\" begins with none of group, kind, type, string, alias",
        ),
        (
            "group a v1 openapi=x\n  name string",
            "t:2: there is no `kind` or `type` that this field belongs to",
        ),
        ("group a v1 openapi=x\ntype A\n  b Nope", "t:3: no table has the type Nope"),
        (
            "group a v1 openapi=x\ntype A\n  b string list=odd",
            "t:3: list=odd is none of atomic, set, map(KEY,…)",
        ),
        ("group a v1 openapi=x\ntype A\n  b string\n  b bool", "t:4: field b is there twice"),
        ("group a v1 openapi=x\ntype A\ntype A", "t:3: A is declared twice"),
        (
            "group a v1 openapi=x\ntype A\n  b string \"no end",
            "t:3: the description does not end with a quote",
        ),
        ("group a v1", "t:1: \"group a v1\" is not `group NAME VERSION openapi=PACKAGE`"),
    ];
    for (text, expected) in cases {
        let error = Schema::parse(&[("t", text)]).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}
